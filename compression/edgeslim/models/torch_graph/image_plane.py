"""The image plane: pads, pooling, Resize. Source: ONNX operators, opset 13."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from edgeslim.models.torch_graph.builder import Constant, Value
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


@converts("MaxPool")
def max_pool(op: Operation) -> Value:
    kernel = _kernel(op)
    value, padding = pad_before(op, op.input(0), kernel, -inf)
    return op.call(
        functional.max_pool2d, value, kernel, dilation=_sizes(op, "dilations"), **_moving(op, padding)
    )


@converts("AveragePool")
def average_pool(op: Operation) -> Value:
    kernel = _kernel(op)
    counted = bool(op.integer("count_include_pad", 0))
    if _sizes(op, "dilations") != (1, 1):
        op.refuse("it is dilated")
    before = op.input(0)
    value, padding = pad_before(op, before, kernel, 0.0)
    if value is not before and not counted:
        op.refuse("its pads differ between the two sides and are not counted")
    return op.call(functional.avg_pool2d, value, kernel, count_include_pad=counted, **_moving(op, padding))


@converts("GlobalAveragePool", "GlobalMaxPool")
def global_pool(op: Operation) -> Value:
    if len(op.builder.shape(op.input(0))) != 4:
        op.refuse("its input is not an image")
    average = op.node.op_type == "GlobalAveragePool"
    function = functional.adaptive_avg_pool2d if average else functional.adaptive_max_pool2d
    return op.call(function, op.input(0), (1, 1))


def _kernel(op: Operation) -> tuple[int, ...]:
    if len(op.node.output) > 1 and op.node.output[1]:
        op.refuse("its indices are used")
    kernel = tuple(op.attributes["kernel_shape"])
    if len(kernel) != 2:
        op.refuse(f"it is {len(kernel)}-dimensional")
    return kernel


def _moving(op: Operation, padding: tuple[int, ...]) -> dict[str, Any]:
    """How a pool's window moves: torch's settings."""
    ceil_mode = bool(op.integer("ceil_mode", 0))
    return {"stride": _sizes(op, "strides"), "padding": padding, "ceil_mode": ceil_mode}


def _sizes(op: Operation, name: str) -> tuple[int, ...]:
    return tuple(op.attributes.get(name, [1, 1]))


@converts("Resize")
def resize(op: Operation) -> Value:
    before = op.builder.shape(op.input(0))
    after, scales = _target(op, before)
    if len(before) != 4 or before[:2] != after[:2]:
        op.refuse("it changes more than height and width")
    mode = op.text("mode", "nearest")
    coordinates = op.text("coordinate_transformation_mode", "half_pixel")
    if op.integer("antialias", 0) or op.integer("exclude_outside", 0):
        op.refuse("it smooths before sampling")
    if before == after:
        return op.input(0)
    if mode == "nearest":
        return _nearest(op, before, after, scales, coordinates)
    if mode == "linear" and coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        aligned = coordinates == "align_corners"
        if not aligned and any(
            new != old * scale for old, new, scale in zip(before, after, scales, strict=True)
        ):
            op.refuse("its scales do not give whole sizes")
        return op.call(
            functional.interpolate, op.input(0), size=after[2:], mode="bilinear", align_corners=aligned
        )
    op.refuse(f"mode '{mode}' with '{coordinates}' coordinates is not known")


def _nearest(
    op: Operation, before: tuple[int, ...], after: tuple[int, ...], scales: list[float], coordinates: str
) -> Value:
    """With torch's interpolation where that selects the same pixels, else with explicit row and column indices."""
    rounding = op.text("nearest_mode", "round_prefer_floor")
    value = op.input(0)
    picked = [_pixels(op, before[i], after[i], scales[i], coordinates, rounding) for i in (2, 3)]
    plain = [torch.arange(after[i]) * before[i] // after[i] for i in (2, 3)]
    if all(torch.equal(left, right) for left, right in zip(picked, plain, strict=True)):
        return op.call(functional.interpolate, value, size=after[2:], mode="nearest")
    for axis, index in zip((2, 3), picked, strict=True):
        value = op.call(torch.index_select, value, axis, Constant(index, ""))
    return value


def _pixels(op: Operation, old: int, new: int, scale: float, coordinates: str, rounding: str) -> Tensor:
    """Index of the source pixel for each of `new` output pixels."""
    x = torch.arange(new, dtype=torch.float64)
    if coordinates == "asymmetric":
        position = x / scale
    elif coordinates == "align_corners":
        position = x * ((old - 1) / max(new - 1, 1))
    elif coordinates in ("half_pixel", "pytorch_half_pixel"):
        position = (x + 0.5) / scale - 0.5
        if coordinates == "pytorch_half_pixel" and new == 1:
            position = torch.zeros(1, dtype=torch.float64)
    else:
        op.refuse(f"'{coordinates}' coordinates are not known")
    rounded = {
        "floor": torch.floor(position),
        "ceil": torch.ceil(position),
        "round_prefer_floor": torch.ceil(position - 0.5),
        "round_prefer_ceil": torch.floor(position + 0.5),
    }[rounding]
    return rounded.long().clamp(0, old - 1)


def _target(op: Operation, before: tuple[int, ...]) -> tuple[tuple[int, ...], list[float]]:
    """Sizes after resizing and the scale of each axis; scales are exact where sizes are given."""
    if "axes" in op.attributes or op.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        op.refuse("its axes or aspect policy are given apart")
    sizes = op.integers(3) if op.optional(3) is not None else None
    if sizes:
        return tuple(sizes), [new / old for new, old in zip(sizes, before, strict=True)]
    scales = [float(scale) for scale in op.constant(2).tolist()]
    return tuple(int(old * scale) for old, scale in zip(before, scales, strict=True)), scales
