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
from numpy.typing import NDArray
from onnx import TensorProto, helper

from edgeslim.export import packed
from edgeslim.export.rewriting import rewritten
from edgeslim.models.graph import Initializers, all_tensors, attributes, producers, remove_unused, set_nodes

LIMIT = 127
"""Largest code of ncnn's integers, which are symmetric."""
FEW = 64
"""Tensors with fewer elements are scales and shapes, no weights."""
_LAYERS = ("Conv", "Gemm", "MatMul")
_SIGNED = (*_LAYERS, "Add", "BatchNormalization")
_CODES = {TensorProto.UINT8, TensorProto.INT8, TensorProto.UINT4, TensorProto.INT4, TensorProto.INT2}


@dataclass(frozen=True, slots=True)
class IntegerLayer:
    """A layer that multiplies integers."""

    output: str
    """Name of what it computes."""
    codes: NDArray[np.int8]
    """(outputs, inputs of one output): the stored weights."""
    scales: NDArray[np.float32]
    """(outputs,): value of one step of the codes."""
    peak: float
    """Largest magnitude of its input that has a code."""

    @property
    def weight(self) -> bytes:
        """Of the weights in float32, as onnxruntime computes them."""
        return (self.codes.astype(np.float32) * self.scales[:, None]).tobytes()


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
    result, _ = rewritten(result)
    _simplify_resizes(result.graph)
    stored = {item.data_type for item in all_tensors(model) if np.prod(item.dims) >= FEW}
    return Plain(result, integer_layers(model), bool(stored & (_CODES | {TensorProto.FLOAT16})))


def is_coded(model: onnx.ModelProto) -> bool:
    """Whether weights are stored as codes that no layer multiplies as they are."""
    codes = sum(
        int(np.prod(item.dims))
        for item in all_tensors(model)
        if item.data_type in _CODES and np.prod(item.dims) >= FEW
    )
    return codes > sum(layer.codes.size for layer in integer_layers(model) if layer.codes.size >= FEW)


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


def integer_layers(model: onnx.ModelProto) -> tuple[IntegerLayer, ...]:
    """The layers whose input is quantized, and whose weight is stored in int8."""
    made, weights = producers(model.graph), Initializers(model.graph)
    found = []
    for node in model.graph.node:
        if node.op_type not in _LAYERS:
            continue
        data, weight = (made.get(name) for name in node.input[:2])
        if data is None or weight is None or {data.op_type, weight.op_type} != {"DequantizeLinear"}:
            continue
        rounds, stored = made.get(data.input[0]), weights.by_name.get(weight.input[0])
        if rounds is None or stored is None or stored.data_type != TensorProto.INT8:
            continue
        if len(weight.input) > 2 and weights.array(weight.input[2]).any():
            continue  # an offset, which ncnn's weights have not
        codes = _rows(weights.array(stored.name), node)
        scales = np.broadcast_to(weights.array(weight.input[1]).reshape(-1), len(codes))
        found.append(IntegerLayer(node.output[0], codes, scales.astype(np.float32), _peak(rounds, weights)))
    return tuple(found)


def _rows(weight: NDArray[np.int8], node: onnx.NodeProto) -> NDArray[np.int8]:
    """(outputs, inputs of one output) of a layer's weight."""
    if node.op_type != "Conv" and not attributes(node).get("transB", 0):
        weight = weight.T
    return np.ascontiguousarray(weight.reshape(len(weight), -1))


def _peak(rounds: onnx.NodeProto, weights: Initializers) -> float:
    """Largest magnitude for which a QuantizeLinear has a code."""
    scale, zero = weights.array(rounds.input[1]), weights.array(rounds.input[2])
    limits = np.iinfo(zero.dtype)
    return float(scale) * max(limits.max - int(zero), int(zero) - limits.min)


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
        if _clips(rounds, made.get(source), weights):
            kept.append(helper.make_node("Relu", [source], [node.output[0]]))
        else:
            passed[node.output[0]] = source
    set_nodes(graph, kept)


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
