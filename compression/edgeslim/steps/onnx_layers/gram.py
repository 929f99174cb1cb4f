"""Output error of a linear layer from its weight error: the Gram matrix of its inputs, and the best float weight.

For a weight row w and an error d, the mean squared output error is dᵀ H d with H = E[x xᵀ] over input patches x.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Doubles, FloatArray
from edgeslim.steps.onnx_layers.walk import Visit

SAMPLES = 20_000
"""Maximum number of sampled patches; fewer where patches are long."""
WORK = 2e10
"""Maximum number of multiplications for a Gram matrix."""
RIDGE = 0.1
"""Regularization of the refitted weight towards the original one, relative to the mean input power."""
SHRINKAGE = 0.1
"""Regularization of the Gram matrix: share of the mean input power added to the diagonal, times patch length over number
of patches. Correlations estimated from few patches are partly chance, and rounding must not exploit them."""


@dataclass(frozen=True, slots=True)
class Gram:
    """Per convolution group: `inputs` (G, K, K), E[x xᵀ], and `cross` (G, O, K), E[y xᵀ] of the original's outputs y."""

    inputs: Doubles
    cross: Doubles

    def refitted(self, rows: FloatArray) -> Doubles:
        """The weight (rows, K) that best reproduces the original's outputs from the layer's present inputs.

        Ridge regression towards the given weight; it compensates changes of earlier layers.
        """
        groups, size, _ = self.inputs.shape
        weight = rows.astype(np.float64).reshape(groups, -1, size)
        ridge = RIDGE * self.power[:, None, None] * np.eye(size)
        solved = np.linalg.solve(
            self.inputs + ridge,
            np.swapaxes(self.cross + weight * ridge.diagonal(axis1=1, axis2=2)[:, None], 1, 2),
        )
        return np.ascontiguousarray(np.swapaxes(solved, 1, 2)).reshape(rows.shape)

    def damped(self, share: float) -> Doubles:
        """`inputs` with this share of the mean power added to the diagonal, so that it is invertible."""
        return self.inputs + share * self.power[:, None, None] * np.eye(self.inputs.shape[1])

    def error(self, difference: NDArray[Any]) -> float:
        """Mean squared output error, summed over channels, of a weight error `difference` (rows, K)."""
        groups, size, _ = self.inputs.shape
        off = difference.reshape(groups, -1, size)
        return float(np.einsum("gok,gkj,goj->", off, self.inputs, off, optimize=True))

    @property
    def power(self) -> Doubles:
        """Mean square of the inputs of each group (G,)."""
        power: Doubles = np.trace(self.inputs, axis1=1, axis2=2) / self.inputs.shape[1]
        return np.maximum(power, 1e-12)


def gram_of(visit: Visit, seed: int, *, centred: bool, samples: int = SAMPLES) -> Gram | None:
    """Gram matrices of a Conv, Gemm or MatMul at sampled positions; None for other operators.

    `centred` subtracts means, for outputs whose mean will be corrected afterwards.
    """
    layer = visit.layer
    if layer.op not in ("Conv", "Gemm", "MatMul") or layer.slot != 1 or len(layer.layout.inner) > 2:
        return None
    if layer.op == "Gemm" and not layer.adjustable:
        return None
    size = layer.size // layer.layout.rows
    wanted = int(min(samples, max(4 * size, WORK / (size * layer.size / layer.layout.rows))))
    random = np.random.default_rng([seed, layer.node])
    per_image = max(1, wanted // len(visit.inputs))
    pairs = [
        _patches(visit, source, target, per_image, random)
        for source, target in zip(visit.inputs, visit.target, strict=True)
    ]
    inputs = np.concatenate([pair[0] for pair in pairs], axis=-1)
    targets = np.concatenate([pair[1] for pair in pairs], axis=-1)
    inputs = inputs.reshape(layer.groups, -1, inputs.shape[-1])
    targets = targets.reshape(layer.groups, -1, targets.shape[-1])
    if centred:
        inputs = inputs - inputs.mean(axis=-1, keepdims=True)
        targets = targets - targets.mean(axis=-1, keepdims=True)
    elif visit.bias is not None:
        targets = targets - visit.bias.reshape(layer.groups, -1, 1)
    across = np.swapaxes(inputs, 1, 2) / inputs.shape[-1]
    seen = Gram((inputs @ across).astype(np.float64), (targets @ across).astype(np.float64))
    weight = layer.layout.to_rows(visit.weight).astype(np.float64).reshape(layer.groups, -1, size)
    share = SHRINKAGE * size / inputs.shape[-1]
    return Gram(seen.damped(share), seen.cross + share * seen.power[:, None, None] * weight)


def _patches(
    visit: Visit, source: FloatArray, target: FloatArray, count: int, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Input patches (C · kernel, n) and outputs (O, n) at `count` random positions of one image."""
    layer = visit.layer
    if layer.op != "Conv":
        wide = source.reshape(-1, source.shape[-1])
        chosen = _some(len(wide), count, random)
        return wide[chosen].T, target.reshape(len(wide), -1)[chosen].T
    kernel, out = layer.shape[2:], target.shape[2:]
    strides, dilations, pads = _geometry(visit, source.shape[2:], out)
    chosen = _some(prod(out), count, random)
    places = np.unravel_index(chosen, out)
    index: list[Any] = [slice(None)]
    for axis, size in enumerate(kernel):
        inside = np.arange(size).reshape(-1, *(1,) * (len(kernel) - axis))
        index.append(places[axis] * strides[axis] + inside * dilations[axis])
    padded = np.pad(source[0], ((0, 0), *pads)) if any(map(any, pads)) else source[0]
    patches = padded[tuple(index)]
    return patches.reshape(-1, len(chosen)), target[0].reshape(len(target[0]), -1)[:, chosen]


def _some(of: int, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    return np.arange(of) if count >= of else random.choice(of, count, replace=False)


def _geometry(
    visit: Visit, size: tuple[int, ...], out: tuple[int, ...]
) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Strides, dilations and pads (begin, end) of a convolution for this input."""
    rank = len(size)
    values, kernel = visit.attributes, visit.layer.shape[2:]
    strides = values.get("strides", [1] * rank)
    dilations = values.get("dilations", [1] * rank)
    automatic = values.get("auto_pad", b"NOTSET")
    if automatic in (b"NOTSET", b"VALID"):
        flat = values.get("pads", [0] * 2 * rank)
        return strides, dilations, list(zip(flat[:rank], flat[rank:], strict=True))
    pads = []
    for axis in range(rank):
        reach = (out[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1
        total = max(0, reach - size[axis])
        half = total // 2 if automatic == b"SAME_UPPER" else total - total // 2
        pads.append((half, total - half))
    return strides, dilations, pads
