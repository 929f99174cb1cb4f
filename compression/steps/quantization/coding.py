"""From a layer's weight to its codes: what the low-bit steps have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from compression.errors import RecipeError
from compression.export.packed import CodedWeight
from compression.steps.layerwise.compress import Coded
from compression.steps.layerwise.gram import Gram, gram_of
from compression.steps.layerwise.layers import FloatArray, WeightLayer, weight_layers
from compression.steps.layerwise.walk import Visit
from compression.steps.quantization.adaround import learned
from compression.steps.quantization.grids import Doubles, Grid
from compression.steps.quantization.rounding import Bools, compensated, nearest

ROUNDINGS = ("nearest", "compensated", "adaround")
VECTORS = ("float16", "float32")
PRUNED = 0.1
"""From this share of exact zeros on, a layer counts as pruned and its zeros stay zeros."""


def float_layers(model: onnx.ModelProto, step: str) -> tuple[WeightLayer, ...]:
    """The layers whose weights can be coded. Raises RecipeError (code 'no_float_weights') if there are none."""
    layers = tuple(layer for layer in weight_layers(model) if layer.size >= 2 * layer.layout.rows)
    if not layers:
        raise RecipeError(
            "no_float_weights",
            f"'{step}' finds no float weights of convolutions, linear or recurrent layers in the model.",
            f"Leave out '{step}', or give a model whose weights are still float32.",
            step=step,
        )
    return layers


def pruned_zeros(rows: NDArray[np.floating[Any]]) -> Bools | None:
    """Where the weight is exactly zero, if that is so in a good part of the layer."""
    zeros = rows == 0
    return zeros if zeros.mean() >= PRUNED else None


def approached(
    rows: FloatArray, visit: Visit | None, *, rounding: str, centred: bool, seed: int
) -> tuple[Doubles, Gram | None]:
    """The float weight to come near to, and the Gram matrix to judge by (None: each weight by itself).

    `centred`: means are corrected afterwards, so only variations count.
    """
    gram = None if visit is None or rounding == "nearest" else gram_of(visit, seed, centred=centred)
    return (rows.astype(np.float64) if gram is None else gram.refitted(rows)), gram


def rounded(
    weight: Doubles, grid: Grid, gram: Gram | None, zeros: Bools | None, rounding: str, steps: int
) -> Doubles:
    """Codes (rows, K) by one of ROUNDINGS; nearest where there is no Gram matrix."""
    spread = grid.spread(*weight.shape)
    if gram is None:
        return nearest(weight, spread, zeros)
    if rounding == "adaround":
        return learned(weight, spread, gram, zeros, steps)
    return compensated(weight, spread, gram, zeros)


def coded_weight(layer: WeightLayer, codes: Doubles, grid: Grid, groups: int = 1) -> CodedWeight:
    """Codes with their meaning, `groups` scales a row; sparse where that is smaller."""
    scale = grid.scale if grid.scale.size == 1 else grid.scale.reshape(layer.layout.rows, groups)
    zero: Any = grid.zero
    if isinstance(zero, np.ndarray):
        zero = zero.reshape(scale.shape).astype(np.uint8)
    return CodedWeight(layer.layout, codes.astype(np.uint8), grid.levels, scale, zero=zero).sparsest()


def told(layers: Sequence[WeightLayer], coded: Coded) -> dict[str, Any]:
    """What a step tells about its result, as JSON values; bits without scales, biases and graph."""
    weights = coded.weights
    count = sum(layer.size for layer in layers)
    bits = sum(weight.packed_bits for weight in weights.values())
    entropy = sum(weight.entropy * weight.codes.size for weight in weights.values())
    return {
        "images": coded.images,
        "weights": count,
        "average_bits": round(bits / count, 3),
        "average_entropy": round(entropy / count, 3),
        "matched_layers": coded.matched,
        "layers": [
            {
                "name": layer.name,
                "operator": layer.op,
                "weights": layer.size,
                "bits": weights[layer.name].bits,
                "entropy": round(weights[layer.name].entropy, 3),
                "sparse": weights[layer.name].sparse,
            }
            for layer in layers
        ],
    }
