"""The proof of a conversion: the delivered file gives what the ONNX file gives. An exit code proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.detections import FloatArray
from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.models.graph import Initializers, producers, remove_unused, set_nodes
from edgeslim.models.proof import MAX_RELATIVE_ERROR, largest_errors, run
from edgeslim.sessions import Session, Tensor
from edgeslim.tasks.base import prepare

PICTURES = 4
ROUNDING = 2.0
"""A float file may differ by so many times what onnxruntime's optimizations change in the original …"""
NOISE = 2.0
"""… and an int8 file have so many times its ONNX file's noise power against the same network in float."""


def prove(file: Path, session: Session, spec: ModelSpec, delivered: str) -> None:
    """Compare a session of the delivered file with the ONNX file, on seeded smooth pictures.

    Raises ModelError: 'delivery_differs' with the reason, and what onnxruntime or the session raise.
    """
    content = file.read_bytes()
    images = smooth_pictures(spec)
    wanted = run(content, images)
    given = [session.run(image) for image in images]
    if _shapes(wanted) != _shapes(given):
        raise ModelError(
            "delivery_differs",
            delivered=delivered,
            reason=f"its outputs are {_shapes(given)}, not {_shapes(wanted)}",
        )
    plain = without_rounding(onnx.load_model_from_string(content))
    if plain is None:
        error, rounding = (
            largest_errors(wanted, other)[1] for other in (given, run(content, images, optimized=False))
        )
        if error > max(MAX_RELATIVE_ERROR, ROUNDING * rounding):
            raise ModelError(
                "delivery_differs",
                delivered=delivered,
                reason=f"its outputs differ by {error:.1e} of their range",
            )
        return
    exact = run(plain.SerializeToString(), images)
    own, new = _noise(exact, wanted), _noise(exact, given)
    worst = max(range(len(own)), key=lambda output: new[output] / max(own[output], 1e-20))
    if new[worst] > NOISE * max(own[worst], 1e-10):
        ratio = 10 * np.log10(new[worst] / max(own[worst], 1e-10))
        raise ModelError(
            "delivery_differs", delivered=delivered, reason=f"output {worst} has {ratio:.1f} dB more noise"
        )


def smooth_pictures(spec: ModelSpec) -> list[FloatArray]:
    """Seeded pictures of soft spots, prepared as the model takes them: (1, C, H, W) each."""
    generator = np.random.default_rng(0)
    shape = spec.input_height, spec.input_width
    coarse = generator.integers(0, 256, (PICTURES, 7, 7, 3), np.uint8)
    rows, columns = (np.linspace(0, 6, side) for side in shape)
    found = []
    for spots in coarse.astype(np.float64):
        picture = _between(_between(spots, rows, 0), columns, 1)
        found.append(prepare(np.rint(picture).astype(np.uint8), spec).tensor)
    return found


def without_rounding(model: onnx.ModelProto) -> onnx.ModelProto | None:
    """The network whose activations are cut to their ranges and not rounded; None if none are rounded.

    Cut they must be: where a ReLU was, the range alone may be left.
    """
    weights, made = Initializers(model.graph), producers(model.graph)
    nodes, found = list[onnx.NodeProto](), 0
    for node in model.graph.node:
        source = made.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if source is not None and source.op_type == "QuantizeLinear" and source.input[1] in weights:
            scale = weights.array(source.input[1]).astype(np.float32)
            zero = weights.array(source.input[2]) if len(source.input) > 2 else np.zeros((), np.uint8)
            if scale.size == 1 and zero.dtype in (np.uint8, np.int8):
                span = np.iinfo(zero.dtype)
                inputs = [source.input[0]]
                for side, code in (("low", span.min), ("high", span.max)):
                    inputs.append(f"{node.output[0]} {side}")
                    weights.put(inputs[-1], (np.float32(code) - zero.reshape(())) * scale.reshape(()))
                node, found = onnx.helper.make_node("Clip", inputs, node.output), found + 1
        nodes.append(node)
    if not found:
        return None
    set_nodes(model.graph, nodes)
    remove_unused(model.graph)
    return model


def _noise(exact: Sequence[Sequence[Tensor]], found: Sequence[Sequence[Tensor]]) -> list[float]:
    """Noise power of each output as a share of its power, over all pictures."""
    noises = []
    for output in range(len(exact[0])):
        pairs = [
            (a[output].astype(np.float64), b[output].astype(np.float64))
            for a, b in zip(exact, found, strict=True)
        ]
        power = sum(float((a**2).sum()) for a, _ in pairs)
        noises.append(sum(float(((a - b) ** 2).sum()) for a, b in pairs) / max(power, 1e-20))
    return noises


def _shapes(outputs: Sequence[Sequence[Tensor]]) -> list[tuple[int, ...]]:
    return [tensor.shape for tensor in outputs[0]]


def _between(values: NDArray[np.float64], at: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Linear interpolation along an axis."""
    before = np.minimum(at.astype(np.int64), values.shape[axis] - 2)
    part = (at - before).reshape([-1 if place == axis else 1 for place in range(values.ndim)])
    first, second = (np.take(values, before + more, axis) for more in range(2))
    found: NDArray[np.float64] = first + part * (second - first)
    return found
