"""Parts of a graph that are kept in float because 8 bits cost most accuracy there."""

from __future__ import annotations

import onnx

from edgeslim.models.graph import Initializers, attributes, producers

LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "GRU", "LSTM")
FOLLOWERS = frozenset({
    "Add", "Clip", "Elu", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Mul", "PRelu", "Relu",
    "Sigmoid", "Softplus", "Tanh",
})  # fmt: skip
"""Element-wise operators that stay float together with the layers before them."""


def outputs_region(graph: onnx.GraphProto) -> set[str]:
    """Names of the last layers before each output, and of all nodes after them (scores, decoding)."""
    made = producers(graph)
    region: set[str] = set()
    waiting = [item.name for item in graph.output]
    while waiting:
        node = made.get(waiting.pop())
        if node is None or node.name in region:
            continue
        region.add(node.name)
        if not _is_layer(node, graph):
            waiting.extend(node.input)
    return region


def first_region(graph: onnx.GraphProto, count: int) -> set[str]:
    """Names of the first `count` layers, and of all nodes before the next one."""
    region: set[str] = set()
    seen = 0
    for node in graph.node:
        seen += _is_layer(node, graph)
        if seen > count:
            break
        region.add(node.name)
    return region if count else set()


def depthwise_region(graph: onnx.GraphProto) -> set[str]:
    """Names of depthwise convolutions: few weights, and ranges that differ a lot."""
    weights = Initializers(graph)
    return {
        node.name
        for node in graph.node
        if node.op_type == "Conv"
        and node.input[1] in weights
        and attributes(node).get("group", 1) == weights.by_name[node.input[1]].dims[0] > 1
    }


def with_followers(graph: onnx.GraphProto, region: set[str]) -> set[str]:
    """The region and the element-wise operators whose computed inputs all come from it."""
    made = producers(graph)
    grown = set(region)
    for node in graph.node:
        sources = [made[name] for name in node.input if name in made]
        if node.op_type in FOLLOWERS and sources and all(source.name in grown for source in sources):
            grown.add(node.name)
    return grown


def _is_layer(node: onnx.NodeProto, graph: onnx.GraphProto) -> bool:
    if node.op_type == "MatMul":
        return any(item.name in node.input for item in graph.initializer)
    return node.op_type in LAYERS
