"""Arithmetic, comparison and type conversion, element by element."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from edgeslim.models.torch_graph.builder import Value, torch_dtype
from edgeslim.models.torch_graph.operation import Operation, converts, converts_to

UNARY: dict[str, Callable[..., Any]] = {
    "Abs": torch.abs,
    "Ceil": torch.ceil,
    "Cos": torch.cos,
    "Exp": torch.exp,
    "Floor": torch.floor,
    "Log": torch.log,
    "Neg": torch.neg,
    "Not": torch.logical_not,
    "Reciprocal": torch.reciprocal,
    "Round": torch.round,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Sqrt": torch.sqrt,
}
BINARY: dict[str, Callable[..., Any]] = {
    "And": torch.logical_and,
    "Equal": operator.eq,
    "Greater": operator.gt,
    "GreaterOrEqual": operator.ge,
    "Less": operator.lt,
    "LessOrEqual": operator.le,
    "Mul": operator.mul,
    "Or": torch.logical_or,
    "Pow": operator.pow,
    "Sub": operator.sub,
}


converts_to(UNARY, arity=1)
converts_to(BINARY, arity=2)


@converts("Div")
def divide(op: Operation) -> Value:
    """Integer division rounds towards zero."""
    if op.builder.example(op.input(0)).is_floating_point():
        return op.call(operator.truediv, op.input(0), op.input(1))
    return op.call(torch.div, op.input(0), op.input(1), rounding_mode="trunc")


@converts("Mod")
def remainder(op: Operation) -> Value:
    if op.integer("fmod", 0):
        return op.call(torch.fmod, op.input(0), op.input(1))
    return op.call(torch.remainder, op.input(0), op.input(1))


MANY: dict[str, Callable[..., Any]] = {"Max": torch.maximum, "Min": torch.minimum, "Sum": torch.add}


@converts(*MANY)
def any_number(op: Operation) -> Value:
    function = MANY[op.node.op_type]
    values = [op.input(index) for index in range(len(op.inputs))]
    return reduce(lambda left, right: op.call(function, left, right), values)


@converts("Where")
def where(op: Operation) -> Value:
    return op.call(torch.where, op.input(0), op.input(1), op.input(2))


@converts("Cast")
def cast(op: Operation) -> Value:
    dtype = torch_dtype(op.integer("to", 1))
    if op.builder.example(op.input(0)).dtype == dtype:
        return op.input(0)
    return op.call(converted, op.input(0), dtype)


def converted(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """The tensor in another element type."""
    return tensor.to(dtype)
