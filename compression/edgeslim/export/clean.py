"""Removing from an ONNX graph what inference does not need. All functions work in place, on the caller's copy."""

from __future__ import annotations

from copy import deepcopy
from itertools import count

import numpy as np
import onnx
from onnx import helper, numpy_helper

from edgeslim.models.graph import (
    PRODUCER,
    Array,
    Initializers,
    attributes,
    producers,
    remove_unused,
    set_nodes,
    set_weights,
    used_names,
    uses,
)


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


def fold_batch_norm(model: onnx.ModelProto) -> None:
    """Merge BatchNormalization into the convolution or linear layer before it, computed in float64."""
    graph = model.graph
    weights = Initializers(graph)
    made, counts = producers(graph), uses(graph)
    kept = []
    for node in graph.node:
        layer = made.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if layer is None or counts[node.input[0]] != 1 or not _foldable(layer, node, weights):
            kept.append(node)
            continue
        scale, shift, mean, variance = (weights.array(name).astype(np.float64) for name in node.input[1:5])
        epsilon = attributes(node).get("epsilon", 1e-5)
        factor = scale / np.sqrt(variance + epsilon)
        has_bias = len(layer.input) > 2 and layer.input[2]
        bias = weights.array(layer.input[2]).astype(np.float64) if has_bias else np.zeros_like(mean)
        weight = _scaled(layer, weights.array(layer.input[1]).astype(np.float64), factor)
        name = layer.input[1] if counts[layer.input[1]] == 1 else f"{layer.output[0]}.weight"
        bias_name = f"{name.removesuffix('.weight')}.bias"
        weights.put(name, weight.astype(np.float32))
        weights.put(bias_name, ((bias - mean) * factor + shift).astype(np.float32))
        del layer.input[1:]
        layer.input.extend([name, bias_name])
        layer.output[0] = node.output[0]
        made[node.output[0]] = layer
    set_nodes(graph, kept)


def _foldable(layer: onnx.NodeProto, norm: onnx.NodeProto, weights: Initializers) -> bool:
    values = attributes(layer)
    plain = layer.op_type != "Gemm" or (
        values.get("alpha", 1.0) == values.get("beta", 1.0) == 1.0 and not values.get("transA", 0)
    )
    return (
        layer.op_type in ("Conv", "ConvTranspose", "Gemm")
        and plain
        and not attributes(norm).get("training_mode", 0)
        and all(name in weights for name in (*norm.input[1:], *(name for name in layer.input[1:] if name)))
        and weights.array(layer.input[1]).dtype == np.float32
    )


def _scaled(layer: onnx.NodeProto, weight: Array, factor: Array) -> Array:
    """The weight with output channel c multiplied by factor[c]."""
    if layer.op_type == "Conv":
        return weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))
    if layer.op_type == "Gemm":
        rows = attributes(layer).get("transB", 0)
        return weight * (factor[:, None] if rows else factor[None, :])
    groups = attributes(layer).get("group", 1)
    split = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    spread = factor.reshape(groups, 1, weight.shape[1], *(1,) * (weight.ndim - 2))
    return (split * spread).reshape(weight.shape)


def merge_pads(model: onnx.ModelProto) -> None:
    """Merge a Pad of zeros into the convolution after it."""
    graph = model.graph
    weights = Initializers(graph)
    made, counts = producers(graph), uses(graph)
    merged = set()
    for node in graph.node:
        pad = made.get(node.input[0]) if node.op_type == "Conv" else None
        values = attributes(node)
        if pad is None or pad.op_type != "Pad" or counts[node.input[0]] != 1 or values.get("auto_pad"):
            continue
        extra = _image_pads(pad, weights)
        if extra is None:
            continue
        own = values.get("pads", [0] * len(extra))
        kept = [item for item in node.attribute if item.name != "pads"]
        del node.attribute[:]
        node.attribute.extend(kept)
        node.attribute.append(helper.make_attribute("pads", [a + b for a, b in zip(own, extra, strict=True)]))
        node.input[0] = pad.input[0]
        merged.add(pad.output[0])
    set_nodes(graph, [node for node in graph.node if node.output[0] not in merged])


def _image_pads(pad: onnx.NodeProto, weights: Initializers) -> list[int] | None:
    """Pads before and after the spatial axes, or None unless the Pad is constant, of zeros and spatial only."""
    mode = attributes(pad).get("mode", b"constant")
    names = [name for name in pad.input[1:] if name]
    if mode != b"constant" or len(pad.input) > 3 or not all(name in weights for name in names):
        return None
    if len(names) == 2 and weights.array(names[1]).any():
        return None
    pads = weights.array(names[0]).astype(int).tolist()
    rank = len(pads) // 2
    begins, ends = pads[:rank], pads[rank:]
    if any(begins[:2] + ends[:2]) or min(pads) < 0:
        return None
    return [*begins[2:], *ends[2:]]
