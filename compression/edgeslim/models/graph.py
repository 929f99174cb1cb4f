"""Reading and editing ONNX graphs, subgraphs and functions included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

STANDARD_DOMAINS = ("", "ai.onnx")
PRODUCER = "edgeslim"
"""Producer name in every file that EdgeSlim writes."""
_QUANTIZED = ("Quantize", "QLinear", "Integer", "MatMulNBits", "QGemm", "QAttention")
"""Parts of names of operators that compute with or on integers."""
FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE)


def opset_version(model: onnx.ModelProto) -> int:
    """Opset version of the standard operators, 0 if not declared."""
    return max((entry.version for entry in model.opset_import if entry.domain in STANDARD_DOMAINS), default=0)


def all_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """The nodes and those of their subgraphs (branches, loop bodies)."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            yield from all_nodes(attribute.g.node)
            for graph in attribute.graphs:
                yield from all_nodes(graph.node)


def model_nodes(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """Every node, in the graph, its subgraphs and functions."""
    yield from all_nodes(model.graph.node)
    for function in model.functions:
        yield from all_nodes(function.node)


def is_quantized(model: onnx.ModelProto) -> bool:
    """Whether another tool has quantized it: such a file can be measured, but not compressed again."""
    return model.producer_name != PRODUCER and any(quantizes(node) for node in model_nodes(model))


def quantizes(node: onnx.NodeProto) -> bool:
    """Whether it computes with integers that stand for other numbers, or makes them."""
    return any(part in node.op_type for part in _QUANTIZED)


def all_tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Every stored tensor: initializers and constants, in the graph, its subgraphs and functions."""
    yield from _graph_tensors(model.graph)
    for function in model.functions:
        yield from _node_tensors(function.node)


def used_names(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    """Names of the tensors that the nodes read, those in their subgraphs included."""
    for node in all_nodes(nodes):
        yield from filter(None, node.input)
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from (value.name for value in graph.output)


def set_nodes(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    """Make these the graph's nodes."""
    del graph.node[:]
    graph.node.extend(nodes)


def set_weights(graph: onnx.GraphProto, weights: list[onnx.TensorProto]) -> None:
    """Make these the graph's initializers."""
    del graph.initializer[:]
    graph.initializer.extend(weights)


def remove_unused(graph: onnx.GraphProto) -> int:
    """Remove nodes and weights that no output depends on; return how many."""
    needed = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed.update(used_names([node]))
            kept.append(node)
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    removed = len(graph.node) - len(kept) + len(graph.initializer) - len(weights)
    set_nodes(graph, kept[::-1])
    set_weights(graph, weights)
    return removed


def _graph_tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield sparse.values
        yield sparse.indices
    yield from _node_tensors(graph.node)


def _node_tensors(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("sparse_tensor"):
                yield attribute.sparse_tensor.values
            for graph in (attribute.g, *attribute.graphs):
                yield from _graph_tensors(graph)


Array = NDArray[Any]


class Initializers:
    """The named weights of a graph, readable and replaceable by name."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.by_name = {item.name: item for item in graph.initializer}

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def array(self, name: str) -> Array:
        return numpy_helper.to_array(self.by_name[name])

    def put(self, name: str, array: Array) -> None:
        """Set or add a weight."""
        proto = numpy_helper.from_array(np.asarray(array, order="C"), name)
        if name in self.by_name:
            self.by_name[name].CopyFrom(proto)
        else:
            self.graph.initializer.append(proto)
            self.by_name[name] = self.graph.initializer[-1]


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {item.name: helper.get_attribute_value(item) for item in node.attribute}


def producers(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    """The node that computes each tensor."""
    return {name: node for node in graph.node for name in node.output if name}


def readers(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    """The nodes that read each tensor, in graph order; a node that reads it twice is listed twice."""
    found: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            found.setdefault(name, []).append(node)
    return found


def uses(graph: onnx.GraphProto) -> Counter[str]:
    """Number of uses of each tensor, graph outputs included."""
    counts = Counter(name for node in graph.node for name in node.input)
    counts.update(item.name for item in graph.output)
    return counts
