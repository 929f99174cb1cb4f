"""Merging layers of an ONNX graph without changing its outputs. All functions work in place, on the caller's copy."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from edgeslim.export.graph import Array, Initializers, attributes, producers, uses
from edgeslim.models.graph import set_nodes


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
