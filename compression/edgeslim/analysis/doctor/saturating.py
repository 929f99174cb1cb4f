"""What x86 without VNNI makes of integer sums: products of neighbours are added in 16 bits, which saturate.

Unsigned 8-bit activations times signed 8-bit weights: 255 · 127 twice becomes 32,767 (Intel's intrinsics guide,
_mm256_maddubs_epi16). Computed from weights and activations, so on any processor. Kernels take the channels of an input
position as neighbours; depthwise layers have kernels without pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.analysis.doctor.quantized import IntegerLayer, integer_layers, quantizers
from edgeslim.detections import FloatArray
from edgeslim.models.graph import attributes
from edgeslim.ort import OrtSession
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.segments import Segment, Segmentation

LOWEST, HIGHEST = -(1 << 15), (1 << 15) - 1
Codes = NDArray[np.int32]


@dataclass(slots=True)
class Counts:
    """Over all images so far."""

    pairs: int = 0
    """Sums of two products that could saturate, at all positions."""
    saturated: int = 0
    largest: int = 0
    """Of such sums, in size."""
    layers: int = 0
    """Layers in which a sum saturated."""


def possible(model: onnx.ModelProto) -> bool:
    """Whether a sum of two products of a file can leave 16 bits, on whatever images."""
    return any(able(layer) for layer in integer_layers(model, quantizers(model, model)))


def able(layer: IntegerLayer) -> list[tuple[int, int]]:
    """(row, pair) whose sum leaves 16 bits for some activations."""
    if layer.codes.dtype != np.int8 or layer.data is None or layer.depthwise:
        return []
    pairs = _pairs(layer.rows.astype(np.int32))
    highest, lowest = 255 * np.maximum(pairs, 0).sum(axis=2), 255 * np.minimum(pairs, 0).sum(axis=2)
    places = np.argwhere((highest > HIGHEST) | (lowest < LOWEST))
    return [(row, pair) for row, pair in places.tolist()]


def run(
    model: onnx.ModelProto, layers: Sequence[IntegerLayer], images: Sequence[FloatArray], threads: int
) -> tuple[list[list[Tensor]], Counts]:
    """The outputs for each image as such a processor computes them, and how often sums saturated."""
    able_ones = {layer.node: (layer, places) for layer in layers if (places := able(layer))}
    names = [item.name for item in model.graph.output]
    cut = Segmentation(model, {*able_ones, len(model.graph.node) - 1}, threads)
    segments = [_also(segment, names) for segment in cut.segments]
    sessions: dict[int, OrtSession] = {}
    counts, touched, outputs = Counts(), set[int](), []
    for image in images:
        side: dict[str, Tensor] = {cut.feed: image}
        for place, segment in enumerate(segments):
            if not segment.outputs:
                continue
            feeds = {name: side[name] for name in segment.inputs}
            if place not in sessions:
                sessions[place] = cut.session(segment, feeds)
            side |= zip(segment.outputs, sessions[place].values(feeds), strict=True)
            if segment.index in able_ones:
                layer, places = able_ones[segment.index]
                (node,) = segment.nodes
                excess = _excess(layer, places, node, side[node.input[0]], counts)
                if excess is not None:
                    touched.add(segment.index)
                    side[node.output[0]] = side[node.output[0]] + excess
        outputs.append([side[name] for name in names])
    counts.layers = len(touched)
    return outputs, counts


def _also(segment: Segment, names: Sequence[str]) -> Segment:
    """With the network's own outputs among the segment's."""
    own = [name for node in segment.nodes for name in node.output if name in names]
    return replace(segment, outputs=tuple(dict.fromkeys([*segment.outputs, *own])))


def _excess(
    layer: IntegerLayer, places: Sequence[tuple[int, int]], node: onnx.NodeProto, data: Tensor, counts: Counts
) -> FloatArray | None:
    """What saturation adds to the layer's output; None where nothing saturates."""
    assert layer.data is not None, "both sides of a product of integers are"
    shift = 128 if layer.data.signed else 0  # kernels make signed activations unsigned
    zero = layer.data.zero + shift
    codes = np.rint(data / np.float32(layer.data.scale)).astype(np.int32) + zero
    columns, spread = _columns(layer, node, codes, zero)
    weights = _pairs(layer.rows.astype(np.int32))
    missing = np.zeros((columns.shape[1], len(weights)), np.int64)
    per_group = len(weights) // layer.groups
    for row, pair in places:
        both = columns[row // per_group][:, 2 * pair : 2 * pair + 2] @ weights[row, pair]
        cut = np.clip(both, LOWEST, HIGHEST)
        counts.pairs += len(both)
        counts.saturated += int((cut != both).sum())
        counts.largest = max(counts.largest, int(np.abs(both).max()))
        missing[:, row] += cut - both
    if not missing.any():
        return None
    scales = layer.scales if layer.scales.size > 1 else np.full(len(weights), layer.scales[0])
    added = (missing * (scales * layer.data.scale)).astype(np.float32)
    return (
        np.ascontiguousarray(added.T.reshape(1, -1, *spread)) if layer.op == "Conv" else added.reshape(spread)
    )


def _pairs(rows: Codes) -> Codes:
    """(O, K) → (O, pairs, 2), the last one filled up with a zero."""
    return np.pad(rows, ((0, 0), (0, rows.shape[1] % 2))).reshape(len(rows), -1, 2)


def _columns(
    layer: IntegerLayer, node: onnx.NodeProto, codes: Codes, zero: int
) -> tuple[Codes, tuple[int, ...]]:
    """(groups, positions, K + K % 2): what each row of the weight meets; and the spatial shape of the output."""
    if layer.op != "Conv":
        flat = codes.reshape(-1, codes.shape[-1])
        filled = np.pad(flat, ((0, 0), (0, flat.shape[1] % 2)))
        return filled[None], (*codes.shape[:-1], len(layer.rows))
    values = attributes(node)
    height, width = layer.codes.shape[2:]
    top, left, bottom, right = values.get("pads", [0, 0, 0, 0])
    down, across = values.get("strides", [1, 1])
    far, wide = values.get("dilations", [1, 1])
    padded = np.pad(codes[0], ((0, 0), (top, bottom), (left, right)), constant_values=zero)
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, ((height - 1) * far + 1, (width - 1) * wide + 1), axis=(1, 2)
    )[:, ::down, ::across, ::far, ::wide]
    channels, rows, columns = windows.shape[:3]
    grouped = windows.reshape(layer.groups, channels // layer.groups, rows, columns, height, width)
    found = grouped.transpose(0, 2, 3, 4, 5, 1).reshape(layer.groups, rows * columns, -1)
    return np.pad(found, ((0, 0), (0, 0), (0, found.shape[2] % 2))), (rows, columns)
