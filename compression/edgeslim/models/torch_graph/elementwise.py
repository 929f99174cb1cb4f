"""Element by element: arithmetic, comparison, activations, types, quantization as float arithmetic; and reductions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from math import inf
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from edgeslim.models.torch_graph.builder import Constant, Value, torch_dtype
from edgeslim.models.torch_graph.operation import Operation, converts, converts_to

_IN_TORCH = (
    "Abs",
    "Ceil",
    "Cos",
    "Erf",
    "Exp",
    "Floor",
    "Log",
    "Neg",
    "Reciprocal",
    "Round",
    "Sigmoid",
    "Sign",
)
_IN_FUNCTIONAL = ("HardSwish", "Mish", "Relu", "Softplus")
_BINARY: dict[str, Callable[..., Any]] = {
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
converts_to({name: getattr(torch, name.lower()) for name in (*_IN_TORCH, "Sin", "Sqrt", "Tanh")}, 1)
converts_to({name: getattr(functional, name.lower()) for name in _IN_FUNCTIONAL}, 1)
converts_to({"Not": torch.logical_not}, 1)
converts_to(_BINARY, 2)
converts_to({"Where": torch.where}, 3)
converts_to({"LeakyRelu": functional.leaky_relu}, 1, alpha=0.01)
converts_to({"Elu": functional.elu}, 1, alpha=1.0)
converts_to({"Softmax": torch.softmax, "LogSoftmax": torch.log_softmax}, 1, axis=-1)


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


@converts("Cast")
def cast(op: Operation) -> Value:
    dtype = torch_dtype(op.integer("to", 1))
    if op.builder.example(op.input(0)).dtype == dtype:
        return op.input(0)
    return op.call(converted, op.input(0), dtype)


def converted(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """The tensor in another element type."""
    return tensor.to(dtype)


@converts("HardSigmoid")
def hard_sigmoid(op: Operation) -> Value:
    """clip(α·x + β, 0, 1); torch's own has α = 1/6, β = 1/2."""
    alpha, beta = op.number("alpha", 0.2), op.number("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return op.call(functional.hardsigmoid, op.input(0))
    return op.call(torch.clamp, op.call(torch.add, op.call(torch.mul, op.input(0), alpha), beta), 0.0, 1.0)


@converts("Gelu")
def gelu(op: Operation) -> Value:
    return op.call(functional.gelu, op.input(0), approximate=op.text("approximate", "none"))


@converts("Clip")
def clip(op: Operation) -> Value:
    low = -inf if op.optional(1) is None else op.constant(1).item()
    high = inf if op.optional(2) is None else op.constant(2).item()
    if op.builder.example(op.input(0)).is_floating_point() and (low, high) == (0.0, 6.0):
        return op.call(functional.relu6, op.input(0))
    bounds = {"min": None if low == -inf else low, "max": None if high == inf else high}
    return op.call(torch.clamp, op.input(0), **bounds) if low > -inf or high < inf else op.input(0)


@converts("Identity", "Dropout")
def identity(op: Operation) -> Value:
    """Dropout is the identity at inference."""
    return op.input(0)


FUNCTIONS = {
    "ReduceMean": torch.mean,
    "ReduceSum": torch.sum,
    "ReduceMax": torch.amax,
    "ReduceMin": torch.amin,
    "ReduceL2": torch.linalg.vector_norm,
}


@converts(*FUNCTIONS)
def reduction(op: Operation) -> Value:
    axes = op.integers(1, "axes")
    if not axes:
        if op.integer("noop_with_empty_axes", 0):
            return op.input(0)
        axes = list(range(len(op.builder.shape(op.input(0)))))
    keep = bool(op.integer("keepdims", 1))
    return op.call(FUNCTIONS[op.node.op_type], op.input(0), dim=axes, keepdim=keep)


@converts("ReduceProd")
def product(op: Operation) -> Value:
    """Over one axis, or all axes of a vector, as in shape arithmetic."""
    axes = op.integers(1, "axes")
    keep = bool(op.integer("keepdims", 1))
    rank = len(op.builder.shape(op.input(0)))
    if axes is None and rank == 1:
        axes = [0]
    if axes is None or len(axes) != 1:
        op.refuse("it multiplies over several axes")
    return op.call(torch.prod, op.input(0), dim=axes[0], keepdim=keep)


@converts("ArgMax", "ArgMin")
def extreme_index(op: Operation) -> Value:
    function = torch.argmax if op.node.op_type == "ArgMax" else torch.argmin
    if op.integer("select_last_index", 0):
        op.refuse("it selects the last index")
    return op.call(function, op.input(0), dim=op.integer("axis", 0), keepdim=bool(op.integer("keepdims", 1)))


RANGES = {torch.uint8: (0, 255), torch.int8: (-128, 127), torch.int32: (-(2**31), 2**31 - 1)}
"""Lowest and highest code of each type."""


@converts("QuantizeLinear")
def quantize(op: Operation) -> Value:
    scale, zero = _along_axis(op, 1), _along_axis(op, 2)
    given = op.optional(2)
    kind = given.tensor.dtype if isinstance(given, Constant) else torch.uint8
    if kind not in RANGES:
        op.refuse(f"its codes are of type {kind}")
    return op.call(quantized, op.input(0), scale, zero, *RANGES[kind])


@converts("DequantizeLinear")
def dequantize(op: Operation) -> Value:
    return op.call(dequantized, op.input(0), _along_axis(op, 1), _along_axis(op, 2))


def quantized(values: Tensor, scale: Tensor | float, zero: Tensor | float, low: int, high: int) -> Tensor:
    """Codes, as floats; values are rounded before the zero point is added (ONNX, QuantizeLinear).

    Inside the range, gradients pass unchanged (straight-through).
    """
    limits: Any = low - zero, high - zero
    exact = torch.clamp(values / scale, *limits)
    return exact + (torch.round(exact) - exact).detach() + zero


def dequantized(codes: Tensor, scale: Tensor | float, zero: Tensor | float) -> Tensor:
    """The decoded values."""
    return (codes.float() - zero) * scale


def _along_axis(op: Operation, index: int) -> Constant:
    """Scale (input 1) or zero point (input 2) as floats, shaped to broadcast against input 0."""
    if op.optional(index) is None:
        return Constant(torch.zeros(()), "")
    tensor = op.constant(index).float()
    if "block_size" in op.attributes and op.integer("block_size", 0):
        op.refuse("its scales are of blocks")
    if tensor.dim() == 0 or tensor.numel() == 1:
        return Constant(tensor.reshape(()), "")
    rank = len(op.builder.shape(op.input(0)))
    axis = op.integer("axis", 1) % rank
    return Constant(tensor.reshape([-1 if place == axis else 1 for place in range(rank)]), "")
