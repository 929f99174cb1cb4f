"""Peak activation memory, computed from the graph: what layers must hold at once, weights aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count

import onnx

from edgeslim.metrics.graph import Graph

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
    nodes = _depth_first(graph)
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


def _depth_first(graph: Graph) -> list[onnx.NodeProto]:
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
