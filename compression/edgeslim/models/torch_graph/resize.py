"""Resize and Upsample of the image plane. Source: ONNX operator Resize, opset 13."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgeslim.models.torch_graph.builder import Constant, Value
from edgeslim.models.torch_graph.operation import Operation, converts


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
