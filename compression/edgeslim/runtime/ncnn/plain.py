"""An ONNX file of ours as float operators alone, and apart from them what its int8 layers compute with.

ncnn's converter takes float operators only: of QuantizeLinear it makes nonsense, and slices with a step it drops, both
without a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from edgeslim.export import packed
from edgeslim.export.hard_swish import is_plain_rounding
from edgeslim.export.rewriting import rewritten
from edgeslim.models.graph import Initializers, attributes, producers, remove_unused, set_nodes
from edgeslim.runtime.integer_layers import LAYERS, IntegerLayer, integer_layers, is_narrow

LIMIT = 127
"""Largest code of ncnn's integers, which are symmetric."""
_SIGNED = (*LAYERS, "Add", "BatchNormalization")


@dataclass(frozen=True, slots=True)
class Plain:
    """`model` computes in float32 what the file computes, where its `layers` compute with integers."""

    model: onnx.ModelProto
    layers: tuple[IntegerLayer, ...]
    narrow: bool
    """Whether the file stores weights in fewer than 32 bits."""


def plain(model: onnx.ModelProto) -> Plain:
    """The file's network in float operators: stored weights decoded, "focus" slices merged into their convolution."""
    result = packed.unpacked(model)
    _drop_rounding(result.graph)
    remove_unused(result.graph)
    result, _ = rewritten(result, ("space_to_depth", "pool_chain"))  # it has an operator for hard swishes
    _simplify_resizes(result.graph)
    return Plain(result, integer_layers(model), is_narrow(model))


def simulated(network: onnx.ModelProto, layers: Iterable[IntegerLayer]) -> onnx.ModelProto:
    """The float network with the inputs of these layers rounded as ncnn rounds them."""
    result = deepcopy(network)
    rounded = {layer.output: layer for layer in layers}
    weights, nodes = Initializers(result.graph), list[onnx.NodeProto]()
    weights.put("symmetric.zero", np.array(0, np.int8))
    for node in result.graph.node:
        if (layer := rounded.get(node.output[0])) is not None:
            base = f"{layer.output}.symmetric"
            weights.put(f"{base}.scale", np.array(layer.peak / LIMIT, np.float32))
            fixed = [f"{base}.scale", "symmetric.zero"]
            nodes.append(helper.make_node("QuantizeLinear", [node.input[0], *fixed], [f"{base}.codes"]))
            nodes.append(helper.make_node("DequantizeLinear", [f"{base}.codes", *fixed], [f"{base}.values"]))
            node.input[0] = f"{base}.values"
        nodes.append(node)
    set_nodes(result.graph, [deepcopy(node) for node in nodes])
    return result


def _drop_rounding(graph: onnx.GraphProto) -> None:
    """Let values pass that are quantized and dequantized again."""
    made, weights = producers(graph), Initializers(graph)
    passed, kept = dict[str, str](), list[onnx.NodeProto]()
    for original in graph.node:
        node = deepcopy(original)
        for index, name in enumerate(node.input):
            node.input[index] = passed.get(name, name)
        rounds = made.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if rounds is None or rounds.op_type != "QuantizeLinear":
            kept.append(node)
            continue
        source = passed.get(rounds.input[0], rounds.input[0])
        if not is_plain_rounding(rounds, original, weights):
            kept += _gate(source, rounds, original, weights)
        elif _clips(rounds, made.get(source), weights):
            kept.append(helper.make_node("Relu", [source], [node.output[0]]))
        else:
            passed[node.output[0]] = source
    set_nodes(graph, kept)


def _gate(
    source: str, rounds: onnx.NodeProto, restores: onnx.NodeProto, weights: Initializers
) -> list[onnx.NodeProto]:
    """What cuts off and scales a gate in int8, in float."""
    (step, restored), zero = (
        (weights.array(each.input[1]) for each in (rounds, restores)),
        weights.array(rounds.input[2]),
    )
    limits, name = np.iinfo(zero.dtype), restores.output[0]
    ends = [f"{name}.lowest", f"{name}.highest"]
    for end, code in zip(ends, (limits.min, limits.max), strict=True):
        weights.put(end, np.array((code - int(zero)) * step, np.float32))
    weights.put(f"{name}.factor", np.array(restored / step, np.float32))
    return [
        helper.make_node("Clip", [source, *ends], [f"{name}.cut"]),
        helper.make_node("Mul", [f"{name}.cut", f"{name}.factor"], [name]),
    ]


def _simplify_resizes(graph: onnx.GraphProto) -> None:
    """Write nearest resizing by whole factors in the one way that pnnx knows: all ways take the same pixels."""
    weights = Initializers(graph)
    for node in graph.node:
        values = attributes(node)
        if node.op_type != "Resize" or values.get("mode", b"nearest") != b"nearest" or len(node.input) != 3:
            continue
        ways = (
            values.get("coordinate_transformation_mode", b"half_pixel"),
            values.get("nearest_mode", b"round_prefer_floor"),
        )
        if ways != (b"half_pixel", b"round_prefer_floor") or node.input[2] not in weights:
            continue
        scales = weights.array(node.input[2])
        if (scales == np.rint(scales)).all() and (scales >= 1).all():
            node.input[1] = ""
            del node.attribute[:]
            wanted = {
                "mode": "nearest",
                "coordinate_transformation_mode": "asymmetric",
                "nearest_mode": "floor",
            }
            node.attribute.extend(helper.make_attribute(key, value) for key, value in wanted.items())


def _clips(rounds: onnx.NodeProto, maker: onnx.NodeProto | None, weights: Initializers) -> bool:
    """Whether a QuantizeLinear stands for the Relu that quantizers leave out: it has no codes for negative values."""
    zero = weights.array(rounds.input[2])
    return maker is not None and maker.op_type in _SIGNED and int(zero) == np.iinfo(zero.dtype).min
