"""Counts of a graph: parameters, those not zero, multiply-accumulates, peak activation memory."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.metrics import graph as graphs
from edgeslim.metrics.graph import Graph, attribute
from edgeslim.metrics.integers import integer_layers
from edgeslim.operators import LEARNED

_VIEWS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout", "DequantizeLinear"})
"""The output is the input's memory, read differently."""
_ACTIVATIONS = frozenset(
    {"Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh"}
    | {"Softplus", "Mish", "Gelu", "Swish", "Exp", "Log", "Sqrt", "Neg", "Abs", "BatchNormalization"}
)
_IN_PLACE = _ACTIVATIONS | {
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Max",
    "Min",
    "Pow",
    "Softmax",
    "QLinearAdd",
    "QLinearMul",
}
"""The output may take the place of an input of equal size that nobody needs any more."""


def peak_activation_bytes(graph: Graph) -> int:
    """Largest sum of the tensors alive at any node, in bytes.

    A tensor lives from the node that makes it to the last that reads it; inputs from the start, outputs to
    the end. Nodes run depth first from the outputs, as onnxruntime orders them, whatever their order in the
    file. Element-wise operators work in place where their input is not needed later; reshapes cost nothing. A
    quantized tensor (QuantizeLinear … DequantizeLinear) is held in its integer type only, as runtimes that
    fuse these nodes do. What a kernel needs inside (im2col, alignment) is not counted.
    """
    nodes = depth_first(graph)
    uses = Counter(name for node in nodes for name in node.input)
    held_as = _fused_sizes(graph, nodes, uses)
    endless = set(graph.outputs)
    fresh = count()
    buffer: dict[str, int] = {}
    size: dict[int, int] = {}
    readers: Counter[int] = Counter()

    def hold(name: str, where: int) -> None:
        buffer[name] = where
        readers[where] += uses[name] + (name in endless)

    for name in graph.inputs:
        where = next(fresh)
        size[where] = graph.bytes[name]
        hold(name, where)
    live = sum(size.values())
    peak = live
    for node in nodes:
        read = Counter(buffer[name] for name in node.input if name in buffer)
        for name in filter(None, node.output):
            needed = held_as.get(name, graph.bytes[name])
            source = buffer.get(node.input[0]) if node.input else None
            dying = [b for b in read if readers[b] == read[b] and size[b] == needed]
            fused = node.op_type == "QuantizeLinear" and node.input[0] in held_as
            if source is not None and (fused or node.op_type in _VIEWS):
                where = source
            elif node.op_type in _IN_PLACE and dying:
                where = dying[0]
            else:
                where = next(fresh)
                size[where] = needed
                live += needed
            hold(name, where)
        peak = max(peak, live)
        readers.subtract(read)
        made = {buffer[name] for name in node.output if name}
        for where in {*read, *made}:
            if readers[where] == 0:
                live -= size.pop(where)
    return peak


def depth_first(graph: Graph) -> list[onnx.NodeProto]:
    """The nodes that the outputs need, each after what it reads."""
    maker = {name: index for index, node in enumerate(graph.nodes) for name in node.output if name}
    order: dict[int, None] = {}
    stack = [(maker[name], False) for name in reversed(graph.outputs) if name in maker]
    while stack:
        index, ready = stack.pop()
        if ready:
            order[index] = None
        elif index not in order:
            needed = [maker[name] for name in graph.nodes[index].input if name in maker]
            stack += [(index, True), *((each, False) for each in reversed(needed) if each not in order)]
    return [graph.nodes[index] for index in order]


def _fused_sizes(graph: Graph, nodes: Sequence[onnx.NodeProto], uses: Counter[str]) -> dict[str, int]:
    """Bytes of tensors that are only made to be quantized: they never exist in float."""
    consumer = {name: node for node in nodes for name in node.input if uses[name] == 1}
    sizes: dict[str, int] = {}
    for node in reversed(nodes):
        for name in node.output:
            reader = consumer.get(name)
            if reader is None or name in graph.outputs:
                continue
            if reader.op_type == "QuantizeLinear":
                sizes[name] = graph.bytes[reader.output[0]]
            elif reader.op_type in _ACTIVATIONS and reader.output[0] in sizes:
                sizes[name] = sizes[reader.output[0]]
    return sizes


WEIGHTS = LEARNED | {
    "FusedConv": (1, 2),
    "ConvInteger": (1,),
    "QLinearConv": (3, 8),
    "FusedGemm": (0, 1, 2),
    "QGemm": (3, 6),
    "FusedMatMul": (0, 1),
    "MatMulInteger": (1,),
    "QLinearMatMul": (3,),
    "DynamicQuantizeMatMul": (1, 4),
    "DynamicQuantizeLSTM": (1, 2, 3, 7),
}
"""Which inputs of an operator are learned: those of runtimes and of quantized networks too."""
_ZERO_POINTS = {
    ("ConvInteger", 1): 3,
    ("QLinearConv", 3): 5,
    ("QGemm", 3): 5,
    ("MatMulInteger", 1): 3,
    ("QLinearMatMul", 3): 5,
    ("DynamicQuantizeMatMul", 1): 3,
    ("DynamicQuantizeLSTM", 1): 9,
    ("DynamicQuantizeLSTM", 2): 11,
}
"""(operator, weight input) → input that holds the code which means zero."""
_CHANNELS_FIRST = ("ConvInteger", "QLinearConv")
_KERNEL_INPUT = {"Conv": 1, "FusedConv": 1, "ConvInteger": 1, "QLinearConv": 3}
_PRODUCTS = ("MatMul", "FusedMatMul", "MatMulInteger", "QLinearMatMul", "DynamicQuantizeMatMul")
_GEMMS = ("Gemm", "FusedGemm", "QGemm")
_RECURRENT = ("GRU", "LSTM", "RNN", "DynamicQuantizeLSTM")


@dataclass(frozen=True, slots=True)
class Counts:
    """`params` and `nonzero` are of weights as the network computes with them, unpacked and dequantized."""

    params: int
    nonzero: int
    macs: int
    int8_macs: int
    peak_activation_bytes: int

    def to_json(self) -> dict[str, int]:
        return dataclasses.asdict(self)


def counts(path: Path, input_shape: tuple[int, ...] | None = None) -> Counts:
    """Count an ONNX file; `input_shape` is used only where the file leaves it open. Raises ModelError."""
    return counts_of(graphs.load(path.read_bytes(), path.name), input_shape)


def counts_of(model: onnx.ModelProto, input_shape: tuple[int, ...] | None = None) -> Counts:
    """Count a graph.

    params: elements of the learned tensors (each tensor once): weights and biases of convolutions, matrix
    products and recurrent layers, scale and shift of normalizations, slopes of PRelu. Constants that only
    shape or move data are not among them. nonzero: those whose real value is not zero (an int8 code equal to
    its zero point is a zero). macs: multiply-accumulates of convolutions, matrix products and recurrent
    layers for one input; nothing else counts. int8_macs: those of layers that compute with integers.
    """
    graph = graphs.read(model, input_shape)
    weights = weights_of(graph)
    return Counts(
        params=sum(values.size for values in weights.values()),
        nonzero=sum(int(np.count_nonzero(values)) for values in weights.values()),
        macs=sum(macs_of(node, graph) for node in graph.nodes),
        int8_macs=sum(macs_of(node, graph) for node in integer_layers(graph)),
        peak_activation_bytes=peak_activation_bytes(graph),
    )


def weights_of(graph: Graph) -> dict[str, NDArray[Any]]:
    """The learned tensors by name, as the network computes with them; codes without zero point."""
    slots = _slots(graph)
    zero_points = {
        name: (zero, node.op_type)
        for name, node, index in slots
        if (zero := _input(node, _ZERO_POINTS.get((node.op_type, index), -1)))
    }
    biases = _added_biases(graph)
    values = graph.values(
        [*(name for name, _, _ in slots), *(zero for zero, _ in zero_points.values()), *biases]
    )
    weights = {name: values[name] for name in dict.fromkeys([*(name for name, _, _ in slots), *biases])}
    for name, (zero, operator) in zero_points.items():
        centre: NDArray[Any] = values[zero].astype(np.int64).reshape(-1)
        if operator in _CHANNELS_FIRST:
            centre = centre.reshape(-1, *[1] * (weights[name].ndim - 1))
        elif operator in _RECURRENT:
            centre = centre.reshape(len(weights[name]), 1, -1)
        weights[name] = weights[name].astype(np.int64) - centre
    return weights


def learned(graph: Graph) -> dict[str, str]:
    """Names of the learned tensors, each with the first output of the node that reads it first."""
    readers = dict[str, str]()
    for name, node, _ in _slots(graph):
        readers.setdefault(name, node.output[0])
    biases = set(_added_biases(graph))
    for node in graph.nodes:
        for name in biases.intersection(node.input):
            readers.setdefault(name, node.output[0])
    return readers


def macs_of(node: onnx.NodeProto, graph: Graph) -> int:
    """Multiply-accumulates of one node."""
    shapes, operator = graph.shapes, node.op_type
    if operator in _KERNEL_INPUT:
        return prod(shapes[node.output[0]]) * prod(shapes[node.input[_KERNEL_INPUT[operator]]][1:])
    if operator == "ConvTranspose":
        return prod(shapes[node.input[0]]) * prod(shapes[node.input[1]][1:])
    if operator in _GEMMS:
        inner = shapes[node.input[0]][0 if attribute(node, "transA", 0) else 1]
        return prod(shapes[node.output[0]]) * inner
    if operator in _PRODUCTS:
        return prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
    if operator == "MatMulNBits":
        return prod(shapes[node.output[0]]) * int(attribute(node, "K", 0))
    if operator in _RECURRENT:
        steps = prod(shapes[node.input[0]][:2])
        return steps * (prod(shapes[node.input[1]]) + prod(shapes[node.input[2]]))
    return 0


def _slots(graph: Graph) -> list[tuple[str, onnx.NodeProto, int]]:
    return [
        (name, node, index)
        for node in graph.nodes
        for index in WEIGHTS.get(node.op_type, ())
        if (name := _input(node, index)) and graph.is_constant(name)
    ]


def _added_biases(graph: Graph) -> list[str]:
    """Constant vectors that an Add puts on a product: a bias, where the operator has no input for one."""
    makers = {output: node for node in graph.nodes for output in node.output}
    biases = []
    for node in graph.nodes:
        if node.op_type != "Add":
            continue
        constant = [name for name in node.input if graph.is_constant(name)]
        moving = [name for name in node.input if not graph.is_constant(name)]
        if len(constant) != 1 or len(moving) != 1:
            continue
        maker = makers.get(moving[0])
        while maker is not None and maker.op_type in ("Cast", "Mul"):
            maker = next((makers[name] for name in maker.input if name in makers), None)
        shape = graph.shapes.get(constant[0], ())
        if (
            maker is not None
            and maker.op_type in (*_PRODUCTS, "ConvInteger")
            and prod(shape) == max(shape, default=0)
        ):
            biases.append(constant[0])
    return biases


def _input(node: onnx.NodeProto, index: int) -> str:
    return node.input[index] if 0 <= index < len(node.input) else ""
