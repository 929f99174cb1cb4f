"""Concatenation, slicing and indexing; shapes and other constants."""

from __future__ import annotations

import operator

import onnx
import torch

from edgeslim.models.torch_graph.builder import Constant, Value, constant_of
from edgeslim.models.torch_graph.operation import Operation, converts


@converts("Constant")
def constant(op: Operation) -> Value:
    value = next(iter(op.attributes.values()))
    if isinstance(value, onnx.TensorProto):
        return constant_of(value, op.node.output[0])
    if "value_string" in op.attributes or "value_strings" in op.attributes or "sparse_value" in op.attributes:
        op.refuse("it is not a dense array of numbers")
    whole = "value_int" in op.attributes or "value_ints" in op.attributes
    return Constant(torch.tensor(value, dtype=torch.int64 if whole else torch.float32), op.node.output[0])


@converts("ConstantOfShape")
def constant_of_shape(op: Operation) -> Value:
    given = op.attributes.get("value")
    filling = constant_of(given, "").tensor if given is not None else torch.zeros(1)
    return Constant(filling.flatten()[0].expand(op.integers(0) or []).clone(), op.node.output[0])


@converts("Shape")
def shape(op: Operation) -> Value:
    sizes = op.builder.shape(op.input(0))
    end = op.integer("end", len(sizes))
    return Constant(torch.tensor(sizes[op.integer("start", 0) : end], dtype=torch.int64), op.node.output[0])


@converts("Size")
def size(op: Operation) -> Value:
    return Constant(torch.tensor(op.builder.example(op.input(0)).numel()), op.node.output[0])


@converts("Range")
def arithmetic_progression(op: Operation) -> Value:
    start, limit, step = (op.constant(index) for index in range(3))
    return Constant(
        torch.arange(start.item(), limit.item(), step.item(), dtype=start.dtype), op.node.output[0]
    )


@converts("Concat")
def concat(op: Operation) -> Value:
    values = [op.input(index) for index in range(len(op.inputs))]
    return op.call(torch.cat, values, dim=op.integer("axis", 0))


@converts("Split")
def split(op: Operation) -> tuple[Value, ...]:
    axis = op.integer("axis", 0)
    total = op.builder.shape(op.input(0))[axis]
    count = len(op.node.output)
    each = -(-total // count)
    sizes = op.integers(1, "split") or [min(each, total - index * each) for index in range(count)]
    return op.call_many(count, torch.split, op.input(0), sizes, dim=axis)


@converts("Slice")
def slice_(op: Operation) -> Value:
    value = op.input(0)
    sizes = op.builder.shape(value)
    starts, ends = op.integers(1) or [], op.integers(2) or []
    axes = op.integers(3) or list(range(len(starts)))
    steps = op.integers(4) or [1] * len(starts)
    slices = [slice(None)] * len(sizes)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 0:
            picked = torch.tensor(range(sizes[axis])[start:end:step], dtype=torch.int64)
            value = op.call(torch.index_select, value, axis % len(sizes), Constant(picked, ""))
            continue
        first, last, _ = slice(start, end, step).indices(sizes[axis])
        whole = (first, last, step) == (0, sizes[axis], 1)
        slices[axis % len(sizes)] = slice(None) if whole else slice(first, last, step)
    return (
        value
        if all(item == slice(None) for item in slices)
        else op.call(operator.getitem, value, tuple(slices))
    )


@converts("Gather")
def gather(op: Operation) -> Value:
    value, axis = op.input(0), op.integer("axis", 0)
    sizes = op.builder.shape(value)
    axis %= max(len(sizes), 1)
    indices = op.constant(1).long() % sizes[axis]
    if indices.dim() == 0:
        return op.call(torch.select, value, axis, int(indices))
    picked = op.call(torch.index_select, value, axis, Constant(indices.flatten(), ""))
    if indices.dim() == 1:
        return picked
    return op.call(torch.reshape, picked, (*sizes[:axis], *indices.shape, *sizes[axis + 1 :]))
