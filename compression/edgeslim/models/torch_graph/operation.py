"""One ONNX node being converted, and the table of converters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NoReturn

import onnx
from torch import Tensor, nn

from edgeslim.errors import ModelError
from edgeslim.models.graph import attributes
from edgeslim.models.torch_graph.builder import Builder, Constant, Value

Converter = Callable[["Operation"], Any]
CONVERTERS: dict[str, Converter] = {}
"""ONNX operator → function that adds it to the graph and returns its output value, or a tuple of them."""


def converts(*operators: str) -> Callable[[Converter], Converter]:
    """Register a converter for ONNX operators (default domain, opset 13–21)."""

    def register(function: Converter) -> Converter:
        for name in operators:
            assert name not in CONVERTERS, f"duplicate converter '{name}'"
            CONVERTERS[name] = function
        return function

    return register


def converts_to(functions: dict[str, Callable[..., Any]], arity: int, **attributes: float) -> None:
    """Register operators that are one torch function of `arity` inputs and these attributes (with their defaults)."""

    def apply(function: Callable[..., Any], op: Operation) -> Value:
        given = (type(default)(op.attributes.get(name, default)) for name, default in attributes.items())
        return op.call(function, *(op.input(index) for index in range(arity)), *given)

    for name, function in functions.items():
        converts(name)(partial(apply, function))


@dataclass(frozen=True)
class Operation:
    """One ONNX node being converted: its inputs as values, its attributes, and the builder to add to.

    `last_use`: for each input, whether no later node reads it.
    """

    builder: Builder
    node: onnx.NodeProto
    inputs: tuple[Value | None, ...]
    last_use: tuple[bool, ...]

    @cached_property
    def attributes(self) -> dict[str, Any]:
        return attributes(self.node)

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Value:
        """Apply a function that returns one tensor."""
        value: Value = self.builder.call(function, *args, **kwargs)
        return value

    def call_many(
        self, count: int, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> tuple[Value, ...]:
        """Apply a function that returns `count` tensors."""
        return self.builder.unpack(self.builder.call(function, *args, **kwargs), count)

    def input(self, index: int) -> Value:
        value = self.optional(index)
        if value is None:
            self.refuse(f"its input {index} is missing")
        return value

    def optional(self, index: int) -> Value | None:
        return self.inputs[index] if index < len(self.inputs) else None

    def constant(self, index: int) -> Tensor:
        """Input `index`, which must be a constant."""
        value = self.input(index)
        if not isinstance(value, Constant):
            self.refuse(f"its input {index} is computed from the image; a fixed one is needed")
        return value.tensor

    def integers(self, index: int, attribute: str = "") -> list[int] | None:
        """A list of integers given as input `index` or, in older opsets, as an attribute; None if absent."""
        if self.optional(index) is not None:
            return [int(item) for item in self.constant(index).flatten().tolist()]
        given = self.attributes.get(attribute)
        return None if given is None else [int(item) for item in given]

    def number(self, name: str, default: float) -> float:
        return float(self.attributes.get(name, default))

    def integer(self, name: str, default: int) -> int:
        return int(self.attributes.get(name, default))

    def text(self, name: str, default: str) -> str:
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else str(value)

    def name_from(self, index: int, suffix: str = "weight") -> str:
        """Module name: that of the weight at input `index` without its suffix, else the node's."""
        value = self.optional(index)
        if isinstance(value, Constant) and value.name.endswith(f".{suffix}"):
            return value.name.removesuffix(f".{suffix}")
        return (self.node.name or self.node.output[0]).removesuffix(f"/{self.node.op_type}")

    def refuse(self, reason: str) -> NoReturn:
        """Raise ModelError: this use of the operator is not supported for training and pruning."""
        raise ModelError(
            "unsupported_operator",
            operator=self.node.op_type,
            node=self.node.name or self.node.output[0],
            reason=reason,
        )


def empty(kind: Callable[..., nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
    """A module with uninitialised weights, to be filled by the caller; draws no random numbers."""
    return kind(*args, device="meta", **kwargs).to_empty(device="cpu")
