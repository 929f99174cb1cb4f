"""The nodes of an ONNX graph that have weights, and the axis of their output channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from edgeslim.detections import FloatArray
from edgeslim.export.packed import Layout
from edgeslim.models.graph import attributes

LINEAR = ("Conv", "ConvTranspose", "Gemm", "MatMul")
RECURRENT = ("GRU", "LSTM", "RNN")
PRUNED = 0.1
"""A layer with at least this share of exact zeros counts as pruned, and its zeros are preserved."""


@dataclass(frozen=True, slots=True)
class WeightLayer:
    """A stored weight and the node that uses it. A recurrent node has two: for its input and for its state."""

    name: str
    """Name of the weight's initializer."""
    op: str
    node: int
    """Index of the node in the graph; of the first one, if several share the weight."""
    slot: int
    """Index of the weight among the node's inputs."""
    shape: tuple[int, ...]
    layout: Layout
    """How its rows, one per output channel, are laid out."""
    groups: int
    output: str
    bias: str | None
    """Name of the bias, if it is an initializer that only this node reads."""
    adjustable: bool
    """Whether a scale and a shift of each output channel can be merged into weight and bias."""

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def bias_name(self) -> str:
        """Name of the bias, or of the one that the layer would get."""
        return self.bias or f"{self.name}.shift"

    @property
    def depthwise(self) -> bool:
        """Whether each output channel reads a single input channel."""
        return self.op == "Conv" and self.groups > 1 and self.shape[1] == 1


def weight_layers(model: onnx.ModelProto) -> tuple[WeightLayer, ...]:
    """Every float32 weight of a Conv, ConvTranspose, Gemm, MatMul, GRU, LSTM or RNN node, in graph order.

    A weight that several nodes share is listed once and is not adjustable.
    """
    stored = {item.name: item for item in model.graph.initializer if item.data_type == onnx.TensorProto.FLOAT}
    reads = Counter(name for node in model.graph.node for name in node.input)
    reads.update(item.name for item in model.graph.output)
    found: dict[str, WeightLayer] = {}
    for index, node in enumerate(model.graph.node):
        for slot in _slots(node):
            name = node.input[slot] if slot < len(node.input) else ""
            if name in stored and name not in found and len(stored[name].dims) >= 2:
                found[name] = _layer(node, index, slot, stored[name], stored, reads)
    return tuple(found.values())


def ends(model: onnx.ModelProto, layers: Sequence[WeightLayer]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the weights with no other weight layer before them, and of those with none after them."""
    at: dict[int, list[str]] = {}
    for layer in layers:
        at.setdefault(layer.node, []).append(layer.name)
    behind: set[str] = set()
    first: set[str] = set()
    for index, node in enumerate(model.graph.node):
        after = any(name in behind for name in node.input)
        if index in at and not after:
            first.update(at[index])
        if after or index in at:
            behind.update(name for name in node.output if name)
    ahead: set[str] = set()
    last: set[str] = set()
    for index in range(len(model.graph.node) - 1, -1, -1):
        node = model.graph.node[index]
        before = any(name in ahead for name in node.output)
        if index in at and not before:
            last.update(at[index])
        if before or index in at:
            ahead.update(name for name in node.input if name)
    return frozenset(first), frozenset(last)


def outer(model: onnx.ModelProto, layers: Sequence[WeightLayer]) -> frozenset[str]:
    """Names of the first and last layers' weights; none in a network that has no others, which they would be all of."""
    first, last = ends(model, layers)
    found = first | last
    return found if len(found) < len(layers) else frozenset()


def pruned_zeros(rows: NDArray[np.floating[Any]]) -> NDArray[np.bool_] | None:
    """Mask of the exact zeros of a pruned layer; None if the layer does not count as pruned."""
    zeros = rows == 0
    return zeros if zeros.mean() >= PRUNED else None


def array_of(model: onnx.ModelProto, name: str) -> FloatArray:
    """The initializer of that name. A copy."""
    for item in model.graph.initializer:
        if item.name == name:
            return np.array(numpy_helper.to_array(item))
    raise AssertionError(f"no initializer {name}")


def _slots(node: onnx.NodeProto) -> tuple[int, ...]:
    if node.op_type == "MatMul":
        return (0, 1)
    if node.op_type in LINEAR:
        return (1,)
    return (1, 2) if node.op_type in RECURRENT else ()


def _layer(
    node: onnx.NodeProto,
    index: int,
    slot: int,
    weight: onnx.TensorProto,
    stored: dict[str, onnx.TensorProto],
    reads: Counter[str],
) -> WeightLayer:
    shape = tuple(weight.dims)
    values = attributes(node)
    groups = int(values.get("group", 1))
    bias = node.input[2] if node.op_type != "MatMul" and len(node.input) > 2 else ""
    plain = node.op_type != "Gemm" or (
        values.get("alpha", 1.0) == values.get("beta", 1.0) == 1.0 and not values.get("transA", 0)
    )
    layout = _layout(node, shape, slot, groups)
    private = bias in stored and reads[bias] == 1 and tuple(stored[bias].dims) == (layout.rows,)
    return WeightLayer(
        name=weight.name,
        op=node.op_type,
        node=index,
        slot=slot,
        shape=shape,
        layout=layout,
        groups=groups,
        output=node.output[0],
        bias=bias if private and node.op_type not in RECURRENT else None,
        adjustable=node.op_type in LINEAR
        and node.op_type != "MatMul"
        and plain
        and reads[weight.name] == 1
        and (private or not bias),
    )


def _layout(node: onnx.NodeProto, shape: tuple[int, ...], slot: int, groups: int) -> Layout:
    if node.op_type == "ConvTranspose":
        inputs, outputs = shape[0] // groups, shape[1]
        order = (0, 2, 1, *range(3, len(shape) + 1))
        return Layout(shape, groups * outputs, (groups, outputs, inputs, *shape[2:]), order)
    if node.op_type == "MatMul" and slot == 1:
        batch = len(shape) - 2
        return Layout(
            shape,
            prod(shape) // shape[-2],
            (*shape[:-2], shape[-1], shape[-2]),
            (*range(batch), batch + 1, batch),
        )
    if node.op_type == "Gemm" and not attributes(node).get("transB", 0):
        return Layout(shape, shape[1], (shape[1], shape[0]), (1, 0))
    channels_first = node.op_type in ("Conv", "Gemm")
    return Layout(shape, shape[0] if channels_first else prod(shape) // shape[-1])
