"""Hard swish, x · clip(x / 6 + 1/2, 0, 1), in the form with the fewest operators: a product with a HardSigmoid.

Exporters write it as up to four operators, of which each passes over the whole tensor. Source: Howard et al. 2019,
arXiv 1905.02244.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from edgeslim.models.graph import Initializers, attributes, producers, set_nodes

ALPHA, BETA = 1 / 6, 0.5
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class HardSigmoid:
    """clip(x · slope + offset, 0, 1), which is slope · clip(x + shift, 0, 1 / slope)."""

    slope: float
    offset: float

    @property
    def shift(self) -> float:
        return self.offset / self.slope


def hard_sigmoid(node: onnx.NodeProto) -> HardSigmoid:
    """What a HardSigmoid node computes."""
    given = attributes(node)
    return HardSigmoid(given.get("alpha", 0.2), given.get("beta", 0.5))


def is_plain_rounding(quantize: onnx.NodeProto, restore: onnx.NodeProto, weights: Initializers) -> bool:
    """Whether a tensor is only rounded in between; else the two nodes cut off and scale the sum of a gate in int8."""
    scales = [weights.array(name) for name in (quantize.input[1], restore.input[1]) if name in weights]
    return len(scales) < 2 or bool(np.array_equal(scales[0], scales[1]))


def is_falling(node: onnx.NodeProto) -> bool:
    """Whether it is a HardSigmoid that does not rise, which no sum of integers gives."""
    return node.op_type == "HardSigmoid" and hard_sigmoid(node).slope <= 0


def as_hard_sigmoids(graph: onnx.GraphProto) -> int:
    """Replace each hard swish, in place; what it was made of is left unused. Returns how many there were."""
    weights, made = Initializers(graph), producers(graph)
    nodes: list[onnx.NodeProto] = []
    found = 0
    for node in graph.node:
        source = _source(node, made, weights)
        if source is not None:
            found += 1
            gate = f"{node.output[0]}.gate"
            nodes.append(helper.make_node("HardSigmoid", [source], [gate], name=gate, alpha=ALPHA, beta=BETA))
            node = helper.make_node("Mul", [source, gate], list(node.output), name=node.name)
        nodes.append(onnx.NodeProto.FromString(node.SerializeToString()))
    if found:
        set_nodes(graph, nodes)
    return found


def _source(node: onnx.NodeProto, made: Mapping[str, onnx.NodeProto], weights: Initializers) -> str | None:
    """The x of the hard swish that ends with this node."""
    if node.op_type == "HardSwish":
        return str(node.input[0])
    sixth = _of_sixth(node, weights)
    if sixth is not None:  # x · clip(x + 3, 0, 6) / 6
        product = made.get(sixth)
        return None if product is None else _gated(product, "", made, weights)
    return _gated(node, "sixth", made, weights)  # x · (clip(x + 3, 0, 6) / 6)


def _gated(
    node: onnx.NodeProto, divided: str, made: Mapping[str, onnx.NodeProto], weights: Initializers
) -> str | None:
    """The x of x · clip(x + 3, 0, 6), where the gate is divided by 6 if `divided`."""
    if node.op_type != "Mul":
        return None
    for source, gate in (tuple(node.input), tuple(node.input)[::-1]):
        if divided:
            maker = made.get(gate)
            gate = (_of_sixth(maker, weights) if maker is not None else None) or ""
        clip = made.get(gate)
        if clip is None or clip.op_type != "Clip" or _bounds(clip, weights) != (0.0, 6.0):
            continue
        shift = made.get(clip.input[0])
        if shift is not None and shift.op_type == "Add" and source in shift.input:
            other = next((name for name in shift.input if name != source), "")
            if _number(other, weights) == 3.0:
                return str(source)
    return None


def _of_sixth(node: onnx.NodeProto, weights: Initializers) -> str | None:
    """The tensor of which the node computes a sixth."""
    if node.op_type == "Div" and _number(node.input[1], weights) == 6.0:
        return str(node.input[0])
    if node.op_type == "Mul":
        for name, factor in (tuple(node.input), tuple(node.input)[::-1]):
            value = _number(factor, weights)
            if value is not None and abs(value - ALPHA) < _TOLERANCE:
                return str(name)
    return None


def _bounds(clip: onnx.NodeProto, weights: Initializers) -> tuple[float | None, float | None]:
    given = attributes(clip)
    if "min" in given or "max" in given:  # before opset 11
        return given.get("min"), given.get("max")
    low, high = ([*clip.input, "", ""])[1:3]
    return _number(low, weights), _number(high, weights)


def _number(name: str, weights: Initializers) -> float | None:
    """A stored single number."""
    if name not in weights:
        return None
    values = weights.array(name).reshape(-1)
    return float(values[0]) if values.size == 1 else None
