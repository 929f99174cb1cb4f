"""Ways to prepare images that a detector or classifier may have been trained with: colour order, range, resizing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, get_args

import numpy as np

from edgeslim.models.base import ModelSpec, Resize, ResizeFilter
from edgeslim.models.families import FAMILIES

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_RANGES: Sequence[tuple[float, tuple[float, float, float], tuple[float, float, float]]] = (
    (1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    (1 / 255, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    (1 / 255, IMAGENET_MEAN, IMAGENET_STD),
    (1.0, (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    (1.0, (123.675, 116.28, 103.53), (1.0, 1.0, 1.0)),
)
"""Scale, mean and deviation of red, green and blue: bytes, 0–1, ImageNet's, −1–1, bytes without ImageNet's mean."""
_SAME = 0.02
"""Inputs that differ by less than this share of their range are the same to any network."""


def published(spec: ModelSpec) -> list[ModelSpec]:
    """The specification, then as the family's networks were published, each different."""
    if spec.family not in FAMILIES or spec.color == "GRAY":
        return [spec]
    family = FAMILIES.get(spec.family)
    given = {key: value for key, value in family.conventions.items() if key in _FEEDING}
    ways = [given, *({**given, **variant} for variant in family.variants)]
    return _distinct([spec, *(dataclasses.replace(spec, **way) for way in ways)])


def colours_and_ranges(spec: ModelSpec) -> list[ModelSpec]:
    """`published`, then every usual colour order and range, each different."""
    orders = ("GRAY",) if spec.color == "GRAY" else ("RGB", "BGR")
    return _distinct([*published(spec), *(_fed(spec, order, *way) for order in orders for way in _RANGES)])


def resizings(spec: ModelSpec) -> list[ModelSpec]:
    """The specification, then with every other way to resize."""
    others = [each for each in get_args(Resize) if each != spec.resize]
    return [spec, *(dataclasses.replace(spec, resize=each) for each in others)]


def filters(spec: ModelSpec) -> list[ModelSpec]:
    """The specification, then with every other filter."""
    others = [each for each in get_args(ResizeFilter) if each != spec.resize_filter]
    return [spec, *(dataclasses.replace(spec, resize_filter=each) for each in others)]


_FEEDING = ("color", "scale", "mean", "std", "resize", "resize_filter", "pad_value")


def _fed(spec: ModelSpec, color: Any, scale: float, mean: Sequence[float], std: Sequence[float]) -> ModelSpec:
    """`mean` and `std` are of red, green and blue."""
    if color == "GRAY":
        mean, std = (sum(mean) / 3,), (sum(std) / 3,)
    turn = -1 if color == "BGR" else 1
    return dataclasses.replace(
        spec, color=color, scale=scale, mean=tuple(mean[::turn]), std=tuple(std[::turn])
    )


def _distinct(ways: Iterable[ModelSpec]) -> list[ModelSpec]:
    found: list[ModelSpec] = []
    for way in ways:
        if not any(_same(way, other) for other in found):
            found.append(way)
    return found


def _same(way: ModelSpec, other: ModelSpec) -> bool:
    kept = ("color", "resize", "resize_filter")
    if any(getattr(way, key) != getattr(other, key) for key in kept):
        return False
    ends, others = _ends(way), _ends(other)
    return bool(np.abs(ends - others).max() <= _SAME * np.ptp(others))


def _ends(spec: ModelSpec) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What black and white become: (2, channels)."""
    pixels = np.array([[0.0], [255.0]]) * spec.scale
    found: np.ndarray[Any, np.dtype[np.float64]] = (pixels - np.array(spec.mean)) / np.array(spec.std)
    return found
