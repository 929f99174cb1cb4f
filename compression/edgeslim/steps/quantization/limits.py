"""Calibrated ranges adjusted to the operators around a tensor."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import onnx

from edgeslim.export.hard_swish import hard_sigmoid
from edgeslim.models.graph import Initializers, readers
from edgeslim.steps.quantization.calibration import Range
from edgeslim.steps.quantization.costs import FUSED, MOVES, VIEWS

SAME_VALUES = (*VIEWS, *MOVES, "MaxPool", "Resize")
"""Operators that only move values: with one scale for input and output, onnxruntime leaves them in integers."""
SHARED_SPAN = 0.75
"""Inputs of a Concat share its scale if each spans at least this share of the common range: nothing is rescaled then."""
SILU_LOWEST = -0.2785
"""Minimum of x · sigmoid(x)."""
HARD_SWISH_LOWEST = -0.375
"""Minimum of x · clip(x / 6 + 1/2, 0, 1)."""
GATES = ("Sigmoid", "HardSigmoid")
LEVELS = 255


def adjusted(graph: onnx.GraphProto, ranges: Mapping[str, Range], int8: Collection[str]) -> dict[str, Range]:
    """Ranges cut where an activation function is flat, 0–1 for sigmoids, and shared along operators that move values."""
    result = {name: (min(low, 0.0), max(high, 0.0)) for name, (low, high) in ranges.items()}
    _fit_gates(graph, result, int8)
    for node in graph.node:
        # what a Relu or Clip cuts off is cut off by the quantization of the layer's output
        if node.op_type in FUSED and node.name in int8 and {node.input[0], node.output[0]} <= result.keys():
            result[node.input[0]] = result[node.output[0]]
    _share(graph, result, int8)
    return result


def silu_floor(high: float) -> float:
    """The input below which |x · sigmoid(x)| is less than a quarter of a quantization step of a range up to `high`."""
    low = -1.28
    for _ in range(40):
        step = (high - low) / LEVELS
        if abs(low) / (1 + math.exp(-low)) <= step / 4:
            break
        low -= 0.25
    return low


def _fit_gates(graph: onnx.GraphProto, ranges: dict[str, Range], int8: Collection[str]) -> None:
    reading = readers(graph)
    for node in graph.node:
        if node.op_type not in GATES or node.name not in int8 or node.output[0] not in ranges:
            continue
        ranges[node.output[0]] = (0.0, 1.0)
        source = node.input[0]
        others = [reader for reader in reading[source] if reader.name != node.name]
        gated = [reader for reader in reading[node.output[0]] if reader.op_type == "Mul"]
        if len(others) == len(gated) == 1 and others[0].name == gated[0].name and source in ranges:
            low, high = ranges[source]
            if node.op_type == "Sigmoid":
                floor, lowest = silu_floor(high), SILU_LOWEST
            else:
                floor, lowest = -hard_sigmoid(node).shift, HARD_SWISH_LOWEST
            ranges[source] = (max(low, floor), high)
            output = gated[0].output[0]
            if output in ranges:
                ranges[output] = (lowest if low < 0 else 0.0, ranges[output][1])


def _share(graph: onnx.GraphProto, ranges: dict[str, Range], int8: Collection[str]) -> None:
    weights = Initializers(graph)
    group = {name: name for name in ranges}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    def join(names: list[str]) -> None:
        roots = {root(name) for name in names}
        first = min(roots)
        span = _union([ranges[item] for item in roots])
        for item in roots:
            group[item] = first
        ranges[first] = span

    for node in graph.node:
        if node.name not in int8:
            continue
        inputs = [name for name in node.input if name in ranges and name not in weights]
        names = [*inputs, *(name for name in node.output if name in ranges)]
        if node.op_type in SAME_VALUES and len(names) > 1:
            source = ranges[root(inputs[0])]
            join(names)
            ranges[root(inputs[0])] = source
        elif node.op_type == "Concat" and len(names) > 1:
            spans = [ranges[root(name)] for name in names]
            low, high = _union(spans)
            if all(b - a >= SHARED_SPAN * (high - low) for a, b in spans):
                join(names)
    for name in list(ranges):
        ranges[name] = ranges[root(name)]


def _union(spans: list[Range]) -> Range:
    return min(low for low, _ in spans), max(high for _, high in spans)
