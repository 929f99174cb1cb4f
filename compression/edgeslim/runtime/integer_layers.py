"""What of a file's weights is multiplied as integers, and what is only stored in fewer bits."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from edgeslim.models.graph import Initializers, all_tensors, attributes, producers

LAYERS = ("Conv", "Gemm", "MatMul")
FEW = 64
"""Tensors with fewer elements are scales and shapes, no weights."""
_PACKED = {TensorProto.UINT8, TensorProto.UINT4, TensorProto.INT4, TensorProto.INT2}
_CODES = _PACKED | {TensorProto.INT8}


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


def is_narrow(model: onnx.ModelProto) -> bool:
    """Whether weights are stored in fewer than 32 bits."""
    return bool(_stored(model, _CODES | {TensorProto.FLOAT16}))


def is_half(model: onnx.ModelProto) -> bool:
    """Whether weights are stored in float16."""
    return bool(_stored(model, {TensorProto.FLOAT16}))


def is_coded(model: onnx.ModelProto) -> bool:
    """Whether weights are stored as codes that no layer multiplies as they are."""
    multiplied = (layer.codes.size for layer in integer_layers(model))
    return _stored(model, _CODES) > sum(size for size in multiplied if size >= FEW)


def is_packed(model: onnx.ModelProto) -> bool:
    """Whether weights are stored as codes that share bytes."""
    return bool(_stored(model, _PACKED))


def _stored(model: onnx.ModelProto, types: Container[int]) -> int:
    """How many numbers are stored in these types, in tensors that are no scales."""
    sizes = (int(np.prod(item.dims)) for item in all_tensors(model) if item.data_type in types)
    return sum(size for size in sizes if size >= FEW)


def integer_layers(model: onnx.ModelProto) -> tuple[IntegerLayer, ...]:
    """The layers whose input is quantized, and whose weight is stored in int8."""
    made, weights = producers(model.graph), Initializers(model.graph)
    found = []
    for node in model.graph.node:
        if node.op_type not in LAYERS:
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
        found.append(
            IntegerLayer(node.output[0], codes, scales.astype(np.float32), _peak(rounds, data, weights))
        )
    return tuple(found)


def _rows(weight: NDArray[np.int8], node: onnx.NodeProto) -> NDArray[np.int8]:
    """(outputs, inputs of one output) of a layer's weight."""
    if node.op_type != "Conv" and not attributes(node).get("transB", 0):
        weight = weight.T
    return np.ascontiguousarray(weight.reshape(len(weight), -1))


def _peak(rounds: onnx.NodeProto, restores: onnx.NodeProto, weights: Initializers) -> float:
    """Largest magnitude that codes of a QuantizeLinear stand for."""
    scale, zero = weights.array(restores.input[1]), weights.array(rounds.input[2])
    limits = np.iinfo(zero.dtype)
    return float(scale) * max(limits.max - int(zero), int(zero) - limits.min)
