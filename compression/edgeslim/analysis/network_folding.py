"""Which nodes of an ONNX graph belong together: a layer, the activation function after it, conversions around it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import onnx

from edgeslim.metrics.counts import WEIGHTS
from edgeslim.metrics.graph import Graph

_CONVERSIONS = ("QuantizeLinear", "DequantizeLinear", "Cast", "Identity", "Dropout")
_ELEMENTWISE = frozenset({
    "Add", "BatchNormalization", "Clip", "Div", "Elu", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Mish",
    "Mul", "PRelu", "Relu", "Selu", "Sigmoid", "Softplus", "Swish", "Tanh",
})  # fmt: skip
"""Folded into the layer whose outputs alone they read: activation functions are made of several of them."""
_HEADS = frozenset(WEIGHTS) - {"BatchNormalization", "PRelu"} | {"Add"}
"""Operators that others are folded into."""


@dataclass(slots=True)
class Group:
    """A head, and what is folded into it, in order. `inputs` are tensors that others make, without what only describes
    them (scales of dynamic quantization)."""

    head: onnx.NodeProto
    nodes: list[onnx.NodeProto]
    inputs: list[str] = field(default_factory=list)
    output: str = ""
    """The tensor that others read; of several the last."""
    integer: bool = False
    """Whether its inputs, weight and output are all converted from or to integers."""

    @property
    def shown(self) -> list[onnx.NodeProto]:
        """What is folded in, without conversions."""
        return [
            node
            for node in self.nodes
            if node is not self.head and node.op_type not in (*_CONVERSIONS, "DynamicQuantizeLinear")
        ]


def folded(nodes: Sequence[onnx.NodeProto], graph: Graph) -> list[Group]:
    """The groups, each after those that it reads. `nodes` are in an order in which each comes after what it reads."""
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in nodes:
        for name in node.input:
            if name and not graph.is_constant(name):
                readers[name].append(node)
    side = _side_values(nodes, graph)
    groups: list[Group] = []
    owner: dict[str, Group] = {}
    waiting: dict[str, onnx.NodeProto] = {}
    for node in nodes:
        moving = [name for name in node.input if name and not graph.is_constant(name) and name not in side]
        if not moving:
            continue  # computes a scale, of which the readers speak
        makers = [owner.get(name) for name in moving]
        home = makers[0]
        if node.op_type in (*_CONVERSIONS, "DynamicQuantizeLinear"):
            if home is None:  # of the network's input
                waiting[node.output[0]] = node
                continue
        elif not _joins(node, home, makers, readers, owner, graph):
            home = Group(node, [])
            groups.append(home)
            home.inputs = moving
        assert home is not None
        home.nodes.append(node)
        for name in filter(None, node.output):
            owner[name] = home
    _finish(groups, owner, waiting, readers, graph)
    return groups


def _side_values(nodes: Sequence[onnx.NodeProto], graph: Graph) -> set[str]:
    """Scales and zero points that DynamicQuantizeLinear measures, and what is computed of them alone."""
    side: set[str] = set()
    for node in nodes:
        moving = [name for name in node.input if name and not graph.is_constant(name)]
        if node.op_type == "DynamicQuantizeLinear":
            side.update(node.output[1:])
        elif moving and side.issuperset(moving):
            side.update(node.output)
    return side


def _joins(
    node: onnx.NodeProto,
    home: Group | None,
    makers: Sequence[Group | None],
    readers: Mapping[str, Sequence[onnx.NodeProto]],
    owner: Mapping[str, Group],
    graph: Graph,
) -> bool:
    """Whether an element-wise operator reads one group alone, and what it reads goes nowhere else."""
    if home is None or node.op_type not in _ELEMENTWISE or home.head.op_type not in _HEADS:
        return False
    if any(maker is not home for maker in makers):
        return False
    return all(
        name not in graph.outputs and _closes(name, readers) for name in node.input if owner.get(name) is home
    )


def _closes(name: str, readers: Mapping[str, Sequence[onnx.NodeProto]]) -> bool:
    """Whether what is made of a tensor comes together again in element-wise operators: x · σ(x)."""
    reading = _reading(name, readers)
    if len(reading) <= 1:
        return True
    if any(each.op_type not in _ELEMENTWISE for each in reading):
        return False
    ends = {_end(each, readers) for each in reading}
    return len(ends) == 1


def _end(node: onnx.NodeProto, readers: Mapping[str, Sequence[onnx.NodeProto]]) -> str:
    """The tensor at which a chain of element-wise operators with one reader each meets another input."""
    name: str = node.output[0]
    for _ in range(6):  # the longest activation function, x · clip(x + 3, 0, 6) / 6, has four
        if node.op_type in ("Mul", "Add") and len([each for each in node.input if each in readers]) > 1:
            return name
        following = _reading(name, readers)
        if len(following) != 1 or following[0].op_type not in _ELEMENTWISE:
            return name
        node = following[0]
        name = node.output[0]
    return name


def _reading(name: str, readers: Mapping[str, Sequence[onnx.NodeProto]]) -> list[onnx.NodeProto]:
    """The nodes that read a tensor, or it converted."""
    found: list[onnx.NodeProto] = []
    for node in readers.get(name, ()):
        if node.op_type in _CONVERSIONS:
            found += _reading(node.output[0], readers)
        else:
            found.append(node)
    return found


def _finish(
    groups: Sequence[Group],
    owner: Mapping[str, Group],
    waiting: dict[str, onnx.NodeProto],
    readers: Mapping[str, Sequence[onnx.NodeProto]],
    graph: Graph,
) -> None:
    """Say what each group gives to others, and whether it computes with integers."""
    quantized = {name for name in owner if _is_dequantized(name, owner)} | {
        name for name, node in waiting.items() if node.op_type == "DequantizeLinear"
    }
    makers = {node.output[0]: node for node in graph.constant_nodes}
    for group in groups:
        inside = {id(node) for node in group.nodes}
        made = [name for node in group.nodes for name in node.output if name]
        leaving = [
            name
            for name in made
            if name in graph.outputs or any(id(each) not in inside for each in readers.get(name, ()))
        ]
        group.output = (leaving or made)[-1]
        weights = [
            name
            for name in group.head.input[1:]
            if group.head.op_type in WEIGHTS and name and graph.is_constant(name)
        ]
        read = bool(group.inputs) and all(name in quantized for name in group.inputs)
        coded = all(name in makers and makers[name].op_type == "DequantizeLinear" for name in weights[:1])
        written = any(node.op_type == "QuantizeLinear" for node in group.nodes)
        group.integer = read and coded and written
        for index, name in enumerate(group.inputs):
            while name in waiting:
                name = waiting[name].input[0]
            group.inputs[index] = name


def _is_dequantized(name: str, owner: Mapping[str, Group]) -> bool:
    made = next((node for node in owner[name].nodes if name in node.output), None)
    return made is not None and made.op_type == "DequantizeLinear"
