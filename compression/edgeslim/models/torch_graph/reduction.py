"""Reductions over axes."""

from __future__ import annotations

import torch

from edgeslim.models.torch_graph.builder import Value
from edgeslim.models.torch_graph.operation import Operation, converts

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
