"""Cross-layer equalization: channel ranges made similar without changing any output.

Dividing an output channel of a layer by a factor and multiplying the next layer's input channel by it cancels through
Relu and LeakyRelu (not through SiLU). Source: Nagel et al. 2019, arXiv 1906.04721; here the factors come from measured
activations, because weights already have one scale per channel.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.detections import FloatArray
from edgeslim.models.graph import Initializers, attributes, uses
from edgeslim.steps.quantization.noise import channel_peaks

HOMOGENEOUS = ("Relu", "LeakyRelu")
"""f(s · x) = s · f(x) for s > 0."""
LARGEST = 16.0
"""Largest factor, and inverse of the smallest."""
SMALLEST = 0.01
"""Smaller channel ranges, relative to the largest, count as this."""


@dataclass(frozen=True, slots=True)
class ConvolutionPair:
    """Two convolutions with at most one activation function between them, whose output nothing else reads."""

    first: onnx.NodeProto
    second: onnx.NodeProto
    measured: str
    """The tensor whose channel ranges are equalized: the input of the second, or that of a LeakyRelu before it, which
    makes the negative half small."""


def equalized(model: onnx.ModelProto, images: list[FloatArray], threads: int) -> tuple[onnx.ModelProto, int]:
    """A copy with equalized pairs of convolutions, and how many there are."""
    result = deepcopy(model)
    weights = Initializers(result.graph)
    found = _pairs(result.graph, weights)
    peaks = channel_peaks(model, [pair.measured for pair in found], images, threads)
    for pair in found:
        _scale(pair, _factor(peaks[pair.measured], pair.second, weights), weights)
    return result, len(found)


def _pairs(graph: onnx.GraphProto, weights: Initializers) -> list[ConvolutionPair]:
    counts = uses(graph)
    readers = {name: node for node in graph.node for name in node.input}
    pairs = []
    for node in graph.node:
        if not _usable(node, weights, counts):
            continue
        between = measured = node.output[0]
        after = readers.get(between)
        if after is not None and after.op_type in HOMOGENEOUS and counts[between] == 1:
            between = after.output[0]
            measured = between if after.op_type == "Relu" else measured
            after = readers.get(between)
        if after is None or counts[between] != 1 or not _usable(after, weights, counts):
            continue
        channels = weights.by_name[node.input[1]].dims[0]
        groups = attributes(after).get("group", 1)
        if after.input[0] == between and (
            groups == 1 or groups == channels == weights.by_name[after.input[1]].dims[0]
        ):
            pairs.append(ConvolutionPair(node, after, measured))
    return pairs


def _usable(node: onnx.NodeProto, weights: Initializers, counts: dict[str, int]) -> bool:
    return (
        node.op_type == "Conv"
        and all(name in weights and counts[name] == 1 for name in node.input[1:] if name)
        and len(weights.by_name[node.input[1]].dims) == 4
    )


def _factor(peak: NDArray[np.float32], second: onnx.NodeProto, weights: Initializers) -> NDArray[np.float32]:
    """Divisor of each channel (channels,); the range of channels that are hardly ever active is bounded from below."""
    peak = np.maximum(peak, SMALLEST * max(float(peak.max()), 1e-12))
    if attributes(second).get("group", 1) == 1:
        width = np.abs(weights.array(second.input[1])).max(axis=(0, 2, 3))
        ratio = np.sqrt(peak / np.maximum(width, SMALLEST * max(float(width.max()), 1e-12)))
    else:
        # the second layer has one weight scale per channel, which absorbs any factor
        ratio = peak
    ratio = ratio / np.exp(np.mean(np.log(ratio)))
    result: NDArray[np.float32] = np.clip(ratio, 1 / LARGEST, LARGEST).astype(np.float32)
    return result


def _scale(pair: ConvolutionPair, factor: NDArray[np.float32], weights: Initializers) -> None:
    first, second = pair.first, pair.second
    weights.put(first.input[1], weights.array(first.input[1]) / factor[:, None, None, None])
    if len(first.input) > 2 and first.input[2]:
        weights.put(first.input[2], weights.array(first.input[2]) / factor)
    kernel = weights.array(second.input[1])
    grouped = attributes(second).get("group", 1) > 1
    weights.put(
        second.input[1], kernel * (factor[:, None, None, None] if grouped else factor[None, :, None, None])
    )
