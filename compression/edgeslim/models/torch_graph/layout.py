"""Changes of shape and order, joining, cutting and picking. The batch axis stays free wherever that can be determined."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
import torch
from torch import fx

from edgeslim.models.torch_graph.builder import Constant, Value, constant_of
from edgeslim.models.torch_graph.operation import Operation, converts


@converts("Reshape")
def reshape(op: Operation) -> Value:
    before = op.builder.shape(op.input(0))
    requested = op.integers(1) or []
    copied = [
        before[axis] if size == 0 and not op.integer("allowzero", 0) else size
        for axis, size in enumerate(requested)
    ]
    rest = prod(size for size in copied if size != -1)
    after = [prod(before) // max(rest, 1) if size == -1 else size for size in copied]
    return reshaped(op, op.input(0), after)


def reshaped(op: Operation, value: Value, after: Sequence[int]) -> Value:
    """`value` in the shape `after`, expressed without fixed sizes where possible.

    Merging or inserting axes is expressed as flatten or unsqueeze, valid for any batch size and number of channels; any
    other change fixes all sizes but the first.
    """
    value = _before(value, torch.reshape) or value
    before = op.builder.shape(value)
    if list(before) == list(after):
        return value
    if isinstance(value, Constant):
        return op.call(torch.reshape, value, tuple(after))
    span = merged_axes(before, after)
    if span is not None:
        return op.call(torch.flatten, value, *span)
    inserted = inserted_axes(before, after)
    if inserted is not None and inserted[0] > 0:
        for axis in inserted:
            value = op.call(torch.unsqueeze, value, axis)
        return value
    return op.call(torch.reshape, value, (-1, *after[1:]))


def merged_axes(before: Sequence[int], after: Sequence[int]) -> tuple[int, int] | None:
    """First and last axis if `after` is `before` with one run of adjacent axes merged."""
    length = len(before) - len(after) + 1
    if length < 2:
        return None
    for start in reversed(range(len(after))):
        merged = [*before[:start], prod(before[start : start + length]), *before[start + length :]]
        if merged == list(after):
            return start, start + length - 1
    return None


def inserted_axes(before: Sequence[int], after: Sequence[int]) -> list[int] | None:
    """Positions of the ones in `after` that `before` lacks; None if they differ otherwise."""
    extra = len(after) - len(before)
    if extra < 1:
        return None
    positions: list[int] = []
    axis = len(before) - 1
    for position in reversed(range(len(after))):
        if (
            axis >= 0
            and after[position] == before[axis]
            and (after[position] != 1 or len(positions) == extra)
        ):
            axis -= 1
        elif after[position] == 1 and len(positions) < extra:
            positions.append(position)
        else:
            return None
    return sorted(positions)


def _before(value: Value, function: Callable[..., Any], *arguments: int) -> Value | None:
    """The argument of `function` if `value` is its result: used to cancel inverse pairs."""
    if (
        isinstance(value, fx.Node)
        and value.target is function
        and value.args[1:][: len(arguments)] == arguments
    ):
        source = value.args[0]
        assert isinstance(source, fx.Node)
        return source
    return None


@converts("Flatten")
def flatten(op: Operation) -> Value:
    before = op.builder.shape(op.input(0))
    axis = op.integer("axis", 1)
    axis = axis + len(before) if axis < 0 else axis
    return reshaped(op, op.input(0), (prod(before[:axis]), prod(before[axis:])))


@converts("Squeeze")
def squeeze(op: Operation) -> Value:
    before = op.builder.shape(op.input(0))
    axes = op.integers(1, "axes")
    dropped = (
        {axis % len(before) for axis in axes} if axes else {i for i, size in enumerate(before) if size == 1}
    )
    value = op.input(0)
    for axis in sorted(dropped, reverse=True):
        undone = _before(value, torch.unsqueeze, axis)
        value = op.call(torch.squeeze, value, axis) if undone is None else undone
    return value


@converts("Unsqueeze")
def unsqueeze(op: Operation) -> Value:
    axes = op.integers(1, "axes") or []
    rank = len(op.builder.shape(op.input(0))) + len(axes)
    value = op.input(0)
    for axis in sorted(axis % rank for axis in axes):
        value = op.call(torch.unsqueeze, value, axis)
    return value


@converts("Transpose")
def transpose(op: Operation) -> Value:
    rank = len(op.builder.shape(op.input(0)))
    order = tuple(op.attributes.get("perm", reversed(range(rank))))
    value = op.input(0)
    source = _before(value, torch.permute)
    if source is not None:
        assert isinstance(value, fx.Node)
        first = value.args[1]
        assert isinstance(first, Sequence)
        value, order = source, tuple(first[axis] for axis in order)
    return value if order == tuple(range(rank)) else op.call(torch.permute, value, order)


@converts("DepthToSpace")
def depth_to_space(op: Operation) -> Value:
    block = op.integer("blocksize", 1)
    if op.text("mode", "DCR") == "CRD":
        return op.call(torch.pixel_shuffle, op.input(0), block)
    _, channels, height, width = op.builder.shape(op.input(0))
    depth = channels // block**2
    split = op.call(torch.reshape, op.input(0), (-1, block, block, depth, height, width))
    moved = op.call(torch.permute, split, (0, 3, 4, 1, 5, 2))
    return op.call(torch.reshape, moved, (-1, depth, height * block, width * block))


@converts("SpaceToDepth")
def space_to_depth(op: Operation) -> Value:
    block = op.integer("blocksize", 1)
    _, channels, height, width = op.builder.shape(op.input(0))
    split = op.call(torch.reshape, op.input(0), (-1, channels, height // block, block, width // block, block))
    moved = op.call(torch.permute, split, (0, 3, 5, 1, 2, 4))
    return op.call(torch.reshape, moved, (-1, channels * block**2, height // block, width // block))


@converts("Expand")
def expand(op: Operation) -> Value:
    """Axes that keep their size are not fixed."""
    before = op.builder.shape(op.input(0))
    after = np.broadcast_shapes(before, tuple(op.integers(1) or []))
    aligned = (0,) * (len(after) - len(before)) + before
    sizes = tuple(-1 if old == new else new for old, new in zip(aligned, after, strict=True))
    return op.call(torch.broadcast_to, op.input(0), sizes)


@converts("Tile")
def tile(op: Operation) -> Value:
    return op.call(torch.tile, op.input(0), tuple(op.integers(1) or []))


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
