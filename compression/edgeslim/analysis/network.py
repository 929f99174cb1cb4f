"""An ONNX file as a person would draw it: layers with what belongs to them folded in, and what each of them costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A layer, or an operator without weights. Folded into it: the activation function after it, the nodes that unpack
    or dequantize its weights, conversions to and from integers.

    `params`, `macs` and `bytes` of all nodes add up to the file's (`Network.rest` is what no node stores).
    """

    name: str
    """Unique in its file: after the weight, else the operator and its place."""
    weight_name: str = ""
    """Name of the weight as the file tells it, without what says how it is stored; '' if it does not."""
    op: str
    fused: tuple[str, ...]
    """Operators after it that are folded in, in order."""
    scope: tuple[str, ...]
    """The blocks that it lies in, the outermost first."""
    inputs: tuple[int, ...]
    """Places of the nodes that it reads; -1 for an input of the network."""
    weight: Shape | None
    """Shape of its largest weight, None without weights."""
    outputs_first: bool = True
    """Whether the output channels are the first axis of `weight`."""
    groups: int = 1
    strides: Shape = ()
    shape_in: Shape
    shape_out: Shape
    params: int
    macs: int
    bytes: int
    stored: str | None
    """Number type of the weight's codes in the file."""
    bits: float | None
    """Bits in the file for each of the weight's codes, without scales; padding counts."""
    computes: str
    """Number type of its arithmetic, as the file asks for it: 'int8' needs a runtime that fuses the conversions."""

    @property
    def layer(self) -> bool:
        return self.weight is not None

    @property
    def kernel(self) -> Shape:
        return () if self.weight is None or not self.op.endswith(CONVOLUTIONS) else self.weight[2:]

    @property
    def channels(self) -> tuple[int, int]:
        """Of the input and of the output."""
        if self.weight is None or len(self.weight) < 2:
            return (0, 0)
        if not self.op.endswith((*CONVOLUTIONS, "MatMul", "MatMulInteger", "Gemm", "MatMulNBits")):
            return (self.weight[-1], self.shape_out[-1] if self.shape_out else 0)
        first, second = self.weight[-2:] if len(self.kernel) == 0 else self.weight[:2]
        if self.op.endswith(CONVOLUTIONS):
            second *= self.groups
        return (second, first) if self.outputs_first else (first, second)

    @property
    def depthwise(self) -> bool:
        return self.groups > 1 and self.groups == self.channels[0]


CONVOLUTIONS = ("Conv", "ConvTranspose", "ConvInteger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """`nodes` in an order that depends on the structure alone: depth first from the outputs, inputs before readers."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    """Places of the nodes that make the outputs."""
    rest: int
    """Bytes of stored numbers that belong to no node."""
    file: int
    """Bytes of the whole file; what is not stored numbers is the graph: operators, names, shapes."""

    @property
    def layers(self) -> tuple[int, ...]:
        return tuple(place for place, node in enumerate(self.nodes) if node.layer)

    @property
    def params(self) -> int:
        return sum(node.params for node in self.nodes)

    @property
    def macs(self) -> int:
        return sum(node.macs for node in self.nodes)

    @property
    def stored(self) -> int:
        """Bytes of all stored numbers."""
        return self.rest + sum(node.bytes for node in self.nodes)

    def place(self, name: str) -> int | None:
        return next((place for place, node in enumerate(self.nodes) if node.name == name), None)

    def named(self, names: Sequence[str], scopes: Sequence[tuple[str, ...]]) -> Network:
        """The network with other names and scopes, one for each node."""
        renamed = [
            replace(node, name=name, scope=scope)
            for node, name, scope in zip(self.nodes, names, scopes, strict=True)
        ]
        return replace(self, nodes=tuple(renamed))
