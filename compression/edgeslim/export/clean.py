"""Removing from an ONNX graph what inference does not need. All functions work in place, on the caller's copy."""

from __future__ import annotations

from copy import deepcopy
from itertools import count

import numpy as np
import onnx
from onnx import numpy_helper

from edgeslim.models.graph import PRODUCER, remove_unused, set_weights, used_names


def drop_unused(model: onnx.ModelProto) -> None:
    """Remove nodes and weights that no output needs; sort the weights by their first use."""
    graph = model.graph
    remove_unused(graph)
    weights = {item.name: item for item in graph.initializer}
    order = dict.fromkeys((*used_names(graph.node), *(item.name for item in graph.output)))
    set_weights(graph, [weights[name] for name in order if name in weights])


def share_integers(model: onnx.ModelProto) -> None:
    """Store equal integer constants (axes, sizes) once; float weights stay separate, because training may change them."""
    graph = model.graph
    first: dict[bytes, str] = {}
    renamed: dict[str, str] = {}
    outputs = {item.name for item in graph.output}
    for item in graph.initializer:
        if item.data_type == onnx.TensorProto.INT64 and item.name not in outputs:
            anonymous = deepcopy(item)
            anonymous.ClearField("name")
            renamed[item.name] = first.setdefault(anonymous.SerializeToString(), item.name)
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
    drop_unused(model)


def unsign_zeros(model: onnx.ModelProto) -> None:
    """Write −0 as 0 in the weights: pruning leaves both, and equal zeros compress better."""
    for item in model.graph.initializer:
        if item.data_type == onnx.TensorProto.FLOAT:
            array = numpy_helper.to_array(item)
            if np.signbit(array[array == 0]).any():
                item.CopyFrom(numpy_helper.from_array(array + np.float32(0), item.name))


def strip(model: onnx.ModelProto) -> None:
    """Remove documentation, metadata, inferred shapes and the names of the tools that were used."""
    model.ClearField("metadata_props")
    model.producer_name, model.producer_version = PRODUCER, ""
    graph = model.graph
    graph.name = "network"
    graph.ClearField("value_info")
    for item in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        item.ClearField("doc_string")
        item.ClearField("metadata_props")


def shorten_names(model: onnx.ModelProto) -> None:
    """Shorten the names of inner tensors and nodes; weights, inputs and outputs keep theirs.

    Such names take a tenth of a small int8 file. Graphs with subgraphs are left unchanged.
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
