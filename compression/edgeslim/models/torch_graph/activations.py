"""Activation functions."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import torch
from torch.nn import functional

from edgeslim.models.torch_graph.builder import Value
from edgeslim.models.torch_graph.operation import Operation, converts, converts_to

PLAIN: dict[str, Callable[..., Any]] = {
    "Erf": torch.erf,
    "HardSwish": functional.hardswish,
    "Mish": functional.mish,
    "Relu": functional.relu,
    "Sigmoid": torch.sigmoid,
    "Softplus": functional.softplus,
    "Tanh": torch.tanh,
}
converts_to(PLAIN, arity=1)


@converts("LeakyRelu")
def leaky_relu(op: Operation) -> Value:
    return op.call(functional.leaky_relu, op.input(0), op.number("alpha", 0.01))


@converts("Elu")
def elu(op: Operation) -> Value:
    return op.call(functional.elu, op.input(0), op.number("alpha", 1.0))


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


@converts("Softmax")
def softmax(op: Operation) -> Value:
    return op.call(torch.softmax, op.input(0), op.integer("axis", -1))


@converts("LogSoftmax")
def log_softmax(op: Operation) -> Value:
    return op.call(torch.log_softmax, op.input(0), op.integer("axis", -1))


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
