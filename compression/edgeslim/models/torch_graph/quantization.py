"""Quantization and dequantization in float arithmetic: equal results to the int8 graph, with float weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from edgeslim.models.torch_graph.builder import Constant, Value
from edgeslim.models.torch_graph.operation import Operation, converts

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
