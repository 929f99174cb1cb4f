"""Reading and editing ONNX graphs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

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
