"""Remove from an ONNX graph what is not needed to run it. All work in place, on the caller's copy."""

from __future__ import annotations

from itertools import count

import numpy as np
import onnx
from onnx import numpy_helper

from edgeslim.models.graph import PRODUCER, set_nodes, set_weights, used_names


def drop_unused(model: onnx.ModelProto) -> None:
    """Remove nodes and weights that no output needs; weights are left in the order of their use."""
    graph = model.graph
    needed = {item.name for item in graph.output}
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            kept.append(node)
            needed.update(used_names([node]))
    set_nodes(graph, kept[::-1])
    weights = {item.name: item for item in graph.initializer}
    order = dict.fromkeys((*used_names(graph.node), *(item.name for item in graph.output)))
    set_weights(graph, [weights[name] for name in order if name in weights])


def share_integers(model: onnx.ModelProto) -> None:
    """Let equal integer constants (axes, sizes) be one; float weights stay apart, to be trained apart."""
    graph = model.graph
    first: dict[bytes, str] = {}
    renamed: dict[str, str] = {}
    outputs = {item.name for item in graph.output}
    for item in graph.initializer:
        if item.data_type == onnx.TensorProto.INT64 and item.name not in outputs:
            anonymous = onnx.TensorProto()
            anonymous.CopyFrom(item)
            anonymous.ClearField("name")
            renamed[item.name] = first.setdefault(anonymous.SerializeToString(), item.name)
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
    drop_unused(model)


def unsign_zeros(model: onnx.ModelProto) -> None:
    """Write −0 as 0 in the weights: pruned ones get both, and equal zeros pack better."""
    for item in model.graph.initializer:
        if item.data_type == onnx.TensorProto.FLOAT:
            array = numpy_helper.to_array(item)
            if np.signbit(array[array == 0]).any():
                item.CopyFrom(numpy_helper.from_array(array + np.float32(0), item.name))


def strip(model: onnx.ModelProto) -> None:
    """Remove documentation, metadata and inferred shapes, and what names the tools that were used."""
    model.ClearField("metadata_props")
    model.producer_name, model.producer_version = PRODUCER, ""
    graph = model.graph
    graph.name = "network"
    graph.ClearField("value_info")
    for item in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        item.ClearField("doc_string")
        item.ClearField("metadata_props")


def shorten_names(model: onnx.ModelProto) -> None:
    """Give short names to what only the graph itself refers to; weights, inputs and outputs keep theirs.

    Names of inner tensors and nodes are a tenth of a small int8 file. Graphs with branches are left alone.
    """
    graph = model.graph
    if any(item.type == onnx.AttributeProto.GRAPH for node in graph.node for item in node.attribute):
        return
    kept = {item.name for item in (*graph.input, *graph.output)}
    kept.update(item.name for item in graph.initializer if len(item.dims) > 1)
    fresh = filter(lambda name: name not in kept, map(_short, count()))
    short = {"": ""} | {name: name for name in kept}
    for item in graph.initializer:
        if item.name not in short:
            short[item.name] = next(fresh)
        item.name = short[item.name]
    for node in graph.node:
        node.name = ""
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name not in short:
                    short[name] = next(fresh)
                names[index] = short[name]


def _short(index: int) -> str:
    """0 → a, 25 → z, 26 → aa …"""
    letters = ""
    while index >= 0:
        index, place = divmod(index, 26)
        letters = chr(ord("a") + place) + letters
        index -= 1
    return letters
