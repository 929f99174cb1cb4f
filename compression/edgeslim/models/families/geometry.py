"""Formulas of boxes and grids, written once for NumPy arrays and torch tensors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from edgeslim.detections import FloatArray
from edgeslim.models.base import ModelSpec

Values = Any
"""A NumPy array or a torch tensor."""
COMMON_STRIDES = ((8, 16, 32), (8, 16, 32, 64))
"""Strides used by detectors with all levels in one output."""
_LARGEST_EXPONENT = 20.0


def size_of(spec: ModelSpec) -> tuple[int, int]:
    """The network's input size as (height, width)."""
    return spec.input_height, spec.input_width


def cells(input_hw: tuple[int, int], stride: int) -> tuple[int, int]:
    """(rows, columns) of a level's grid."""
    return -(-input_hw[0] // stride), -(-input_hw[1] // stride)


def strides_for(count: int, input_hw: tuple[int, int]) -> tuple[int, ...] | None:
    """The common strides with `count` cells over all levels, or None."""
    for strides in COMMON_STRIDES:
        if sum(h * w for h, w in (cells(input_hw, s) for s in strides)) == count:
            return strides
    return None


@lru_cache(maxsize=32)
def grid(input_hw: tuple[int, int], strides: tuple[int, ...], offset: float) -> tuple[FloatArray, FloatArray]:
    """Points (N, 2) as x, y in pixels at (cell + offset)·stride and their strides (N,), level by level."""
    points, scales = [np.zeros((0, 2))], [np.zeros(0)]
    for stride in strides:
        height, width = cells(input_hw, stride)
        y, x = np.mgrid[0:height, 0:width]
        points.append((np.stack([x, y], axis=-1).reshape(-1, 2) + offset) * stride)
        scales.append(np.full(height * width, stride))
    found = np.concatenate(points).astype(np.float32), np.concatenate(scales).astype(np.float32)
    for array in found:
        array.setflags(write=False)
    return found


def around(points: Values, distances: Values) -> Values:
    """Boxes xyxy from points (…, 2) and their distances (…, 4) to the left, top, right and bottom edge."""
    return _concatenated(points - distances[..., :2], points + distances[..., 2:])


def from_centres(centres: Values, sizes: Values) -> Values:
    """Boxes xyxy from centres (…, 2) and sizes (…, 2)."""
    return _concatenated(centres - sizes / 2, centres + sizes / 2)


def from_cells(values: Values, points: Values, strides: Values) -> Values:
    """Boxes xyxy from (…, 4): the centre's offset from the point in strides, and the logarithm of the size in strides."""
    return from_centres(values[..., :2] * strides + points, exp(values[..., 2:4]) * strides)


def exp(values: Values, largest: float = _LARGEST_EXPONENT) -> Values:
    """Exponential of values clipped to `largest`, so that a damaged network cannot overflow it."""
    if isinstance(values, np.ndarray):
        return np.exp(np.minimum(values, largest))
    return values.clamp(max=largest).exp()


def sigmoid(values: FloatArray) -> FloatArray:
    """Logistic function, in a form that cannot overflow."""
    half, one = np.float32(0.5), np.float32(1)
    result: FloatArray = half * (one + np.tanh(half * values))
    return result


def constants(numbers: Sequence[float], like: Values) -> Values:
    """The numbers as a vector of the kind, type and device of `like`."""
    return np.array(numbers, like.dtype) if isinstance(like, np.ndarray) else like.new_tensor(numbers)


def _concatenated(first: Values, second: Values) -> Values:
    if isinstance(first, np.ndarray):
        return np.concatenate([first, second], axis=-1)
    import torch

    return torch.cat([first, second], -1)
