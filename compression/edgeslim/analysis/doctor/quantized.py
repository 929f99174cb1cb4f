"""Reading and editing files whose activations are quantized: QuantizeLinear and DequantizeLinear around operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.detections import FloatArray
from edgeslim.export.hard_swish import is_plain_rounding
from edgeslim.models.graph import Initializers, attributes, producers, readers, set_nodes
from edgeslim.steps.quantization.calibration import Range
from edgeslim.steps.quantization.qdq import channel_axis

LEVELS = 255
_LINEAR = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True, slots=True)
class Quantizer:
    """A float `tensor` that is rounded to 256 levels; others read `restored`."""

    tensor: str
    restored: str
    scale: float
    zero: int
    signed: bool
    limits: tuple[float, float] | None
    """Of an activation function that the range replaces, since it cuts off the same: ReLU is not in such files."""

    @property
    def low(self) -> float:
        return (self.lowest - self.zero) * self.scale

    @property
    def high(self) -> float:
        return (self.lowest + LEVELS - self.zero) * self.scale

    @property
    def lowest(self) -> int:
        return -128 if self.signed else 0


@dataclass(frozen=True, slots=True)
class IntegerLayer:
    """A layer with integer weights. Its input is quantized too if `data` is."""

    node: int
    """Index in the graph."""
    name: str
    """Of its output."""
    op: str
    weight: str
    """Name of the restored weight, which the node reads."""
    data: Quantizer | None
    codes: NDArray[np.integer]
    """As stored."""
    scales: FloatArray
    """(1,) or one for each output channel."""
    axis: int
    """Of the output channels."""
    groups: int

    @property
    def rows(self) -> NDArray[np.integer]:
        """(O, K) with the channels of an input position as neighbours, as kernels lay them out."""
        moved = np.moveaxis(self.codes, self.axis, 0)
        if self.op == "Conv":
            moved = np.moveaxis(moved, 1, -1)
        return moved.reshape(len(moved), -1)

    @property
    def depthwise(self) -> bool:
        return self.op == "Conv" and self.groups > 1 and self.codes.shape[1] == 1


def quantizers(model: onnx.ModelProto, original: onnx.ModelProto) -> dict[str, Quantizer]:
    """All of a graph by the name of the restored tensor, in its order. Those with computed scales are left
    out, and gates."""
    weights, made = Initializers(model.graph), producers(model.graph)
    limits = _limits(model, original)
    found = {}
    for node in model.graph.node:
        source = made.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if source is None or source.op_type != "QuantizeLinear":
            continue
        if source.input[1] not in weights or weights.array(source.input[1]).size != 1:
            continue
        if not is_plain_rounding(source, node, weights):
            continue
        zero = weights.array(source.input[2]) if len(source.input) > 2 else np.zeros((), np.uint8)
        signed = zero.dtype == np.int8
        cuts = int(zero.reshape(())) == (-128 if signed else 0)
        found[node.output[0]] = Quantizer(
            tensor=source.input[0],
            restored=node.output[0],
            scale=float(weights.array(source.input[1]).reshape(())),
            zero=int(zero.reshape(())),
            signed=signed,
            limits=limits.get(source.input[0], (0.0, np.inf) if cuts else None),
        )
    return found


def _limits(model: onnx.ModelProto, original: onnx.ModelProto) -> dict[str, tuple[float, float]]:
    """What the ReLU or Clip after a layer of the original cuts off, by the output of the same layer in the file.

    Layers are known by the names of their weights, which files keep.
    """
    weights, read, by_weight = Initializers(original.graph), readers(original.graph), {}
    for node in original.graph.node:
        after = read.get(node.output[0], [])
        if node.op_type in _LINEAR and len(after) == 1 and after[0].op_type in ("Relu", "Clip"):
            bounds = [*after[0].input[1:3], "", ""][:2]
            low, high = (
                float(weights.array(name)) if name in weights else default
                for name, default in zip(bounds, (-np.inf, np.inf), strict=True)
            )
            by_weight[node.input[1]] = (0.0, np.inf) if after[0].op_type == "Relu" else (low, high)
    made, found = producers(model.graph), {}
    for node in model.graph.node:
        source = made.get(node.input[1]) if node.op_type in _LINEAR else None
        if source is not None and (name := float_name(source.input[0])) in by_weight:
            found[node.output[0]] = by_weight[name]
    return found


def float_name(codes: str) -> str:
    """Of the float weight that was stored as integers of that name."""
    return codes.removesuffix("_quantized").removesuffix(".int8")


def integer_layers(model: onnx.ModelProto, known: Mapping[str, Quantizer]) -> list[IntegerLayer]:
    """All layers whose weight is stored as 8-bit integers and restored by DequantizeLinear."""
    weights, made = Initializers(model.graph), producers(model.graph)
    found = []
    for index, node in enumerate(model.graph.node):
        source = made.get(node.input[1]) if node.op_type in _LINEAR else None
        if source is None or source.op_type != "DequantizeLinear" or source.input[0] not in weights:
            continue
        codes = weights.array(source.input[0])
        if codes.dtype not in (np.int8, np.uint8) or source.input[1] not in weights:
            continue
        found.append(
            IntegerLayer(
                node=index,
                name=node.output[0],
                op=node.op_type,
                weight=source.output[0],
                data=known.get(node.input[0]),
                codes=codes,
                scales=weights.array(source.input[1]).reshape(-1),
                axis=channel_axis(node, codes.ndim),
                groups=int(attributes(node).get("group", 1)),
            )
        )
    return found


def restored_weight(layer: IntegerLayer) -> FloatArray:
    """What a layer computes with in place of its float weight."""
    shape = [-1 if axis == layer.axis and layer.scales.size > 1 else 1 for axis in range(layer.codes.ndim)]
    return np.asarray(layer.codes * layer.scales.reshape(shape), np.float32)


def without(
    model: onnx.ModelProto, rounded: Iterable[Quantizer], weights: Mapping[str, FloatArray] | None = None
) -> onnx.ModelProto:
    """A copy in which these tensors are not rounded, and these restored weights have other values."""
    result = deepcopy(model)
    weights = weights or {}
    known = {each.restored: each for each in rounded}
    stored = Initializers(result.graph)
    for name, value in weights.items():
        stored.put(name, value.astype(np.float32))
    nodes = []
    for node in result.graph.node:
        if node.op_type == "DequantizeLinear" and node.output[0] in weights:
            continue
        if node.op_type == "DequantizeLinear" and node.output[0] in known:
            node = _passed(known[node.output[0]], stored)
        nodes.append(node)
    set_nodes(result.graph, nodes)
    return result


def _passed(quantizer: Quantizer, stored: Initializers) -> onnx.NodeProto:
    """A node in place of the rounding, not another name for the tensor: it may be an output of the graph."""
    inputs, operator = [quantizer.tensor], "Identity"
    if quantizer.limits is not None:
        operator = "Clip"
        for side, bound in zip(("low", "high"), quantizer.limits, strict=True):
            name = f"{quantizer.restored} {side}" if np.isfinite(bound) else ""
            if name:
                stored.put(name, np.array(bound, np.float32))
            inputs.append(name)
    return onnx.helper.make_node(operator, inputs, [quantizer.restored], name=f"{quantizer.restored} passed")


def with_ranges(model: onnx.ModelProto, ranges: Mapping[str, Range]) -> onnx.ModelProto:
    """A copy in which the tensors of these restored names are rounded over other ranges.

    Biases become float: as integers they depend on the scales of their layer's input.
    """
    result = deepcopy(model)
    stored, made = Initializers(result.graph), producers(result.graph)
    for name, (low, high) in ranges.items():
        restore = made[name]
        quantize = made[restore.input[0]]
        low, high = min(low, 0.0), max(high, 0.0)
        scale = np.float32(max((high - low) / LEVELS, 1e-12))
        old = stored.array(quantize.input[2]) if len(quantize.input) > 2 else np.zeros((), np.uint8)
        lowest = -128 if old.dtype == np.int8 else 0
        zero = np.clip(np.rint(lowest - low / scale), lowest, lowest + LEVELS).astype(old.dtype)
        own = [f"{name} scale", f"{name} zero"]
        stored.put(own[0], np.array(scale, np.float32))
        stored.put(own[1], zero.reshape(()))
        quantize.input[:] = [quantize.input[0], *own]
        restore.input[:] = [restore.input[0], *own]
    biases = {
        node.output[0]: bias
        for node in result.graph.node
        if node.op_type == "DequantizeLinear"
        and node.input[0] in stored
        and (bias := stored.array(node.input[0])).dtype == np.int32
    }
    floats = {
        node.output[0]: biases[node.output[0]] * stored.array(node.input[1])
        for node in result.graph.node
        if node.output[0] in biases
    }
    return without(result, (), floats)
