"""Explicit, SAME and asymmetric pads of convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from torch.nn import functional

from edgeslim.models.torch_graph.builder import Value
from edgeslim.models.torch_graph.operation import Operation, converts


def pad_before(
    op: Operation, value: Value, kernel: Sequence[int], fill: float
) -> tuple[Value, tuple[int, ...]]:
    """The value to pass to the layer and the layer's symmetric padding.

    Pads that differ between the two sides of an axis are applied to the value (with `fill`) beforehand.
    """
    begins, ends = pads_of(op, op.builder.shape(value)[2:], kernel)
    if begins == ends:
        return value, begins
    pairs = [pair for both in zip(reversed(begins), reversed(ends), strict=True) for pair in both]
    return op.call(functional.pad, value, pairs, value=fill), (0,) * len(begins)


def pads_of(
    op: Operation, sizes: Sequence[int], kernel: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Pads before and after each spatial axis, with auto_pad resolved for the given sizes."""
    rank = len(kernel)
    mode = op.text("auto_pad", "NOTSET")
    if mode == "NOTSET":
        pads = op.attributes.get("pads", [0] * 2 * rank)
        return tuple(pads[:rank]), tuple(pads[rank:])
    if mode == "VALID":
        return (0,) * rank, (0,) * rank
    strides = op.attributes.get("strides", [1] * rank)
    dilations = op.attributes.get("dilations", [1] * rank)
    totals = [
        max(0, (ceil(size / stride) - 1) * stride + (extent - 1) * dilation + 1 - size)
        for size, stride, extent, dilation in zip(sizes, strides, kernel, dilations, strict=True)
    ]
    small, large = tuple(total // 2 for total in totals), tuple(total - total // 2 for total in totals)
    return (small, large) if mode == "SAME_UPPER" else (large, small)


@converts("Pad")
def pad(op: Operation) -> Value:
    pads = op.integers(1) or []
    axes = op.integers(3)
    rank = len(op.builder.shape(op.input(0)))
    if axes is None:
        axes = list(range(rank))
    mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}[
        op.text("mode", "constant")
    ]
    amounts = [[0, 0] for _ in range(rank)]
    for position, axis in enumerate(axes):
        amounts[axis % rank] = [pads[position], pads[position + len(axes)]]
    while len(amounts) > 2 and amounts[0] == [0, 0]:
        amounts.pop(0)
    flat = [amount for both in reversed(amounts) for amount in both]
    options: dict[str, Any] = {"mode": mode}
    if mode == "constant" and op.optional(2) is not None:
        options["value"] = op.constant(2).item()
    return op.call(functional.pad, op.input(0), flat, **options)
