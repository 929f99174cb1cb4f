"""FCOS as the sample detectors use it: per level class logits [1, C, h, w] and box distances [1, 4, h, w].

left, top, right, bottom = stride·exp(raw) from the cell's centre (cell + 0.5)·stride; score = sigmoid(logit).
Source: arXiv 1904.01355 (without centre-ness).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import (
    FAMILIES,
    Family,
    Output,
    Raw,
    Shape,
    are_scores,
    around,
    candidates,
    cells,
    feeding,
    grid,
    raw,
    rows_of,
    sigmoid,
    size_of,
)

RAW_LIMIT = 10.0
"""Larger raw distances are read as this one: a box would be far outside any image."""
_TINY = 1e-9
_STRIDES = (4, 8, 16, 32, 64, 128)


@dataclass(frozen=True, slots=True)
class Level:
    """One level: its stride, and which outputs are its class map and its box map."""

    stride: int
    classes: int
    boxes: int


def pair_levels(shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[Level, ...] | None:
    """The levels by rising stride, whatever the order of the outputs (B, K, h, w); None if they do not fit.

    The box map is the one with four channels; of two with four, the first is the class map.
    """
    if not shapes or any(len(shape) != 4 for shape in shapes):
        return None
    levels, classes = [], set()
    for stride in (s for s in _STRIDES if s <= max(input_hw)):
        maps = [i for i, shape in enumerate(shapes) if shape[2:] == cells(input_hw, stride)]
        boxes = [i for i in maps if shapes[i][1] == 4]
        if maps and (len(maps) != 2 or not boxes):
            return None
        if maps:
            (other,) = set(maps) - {boxes[-1]}
            levels.append(Level(stride, other, boxes[-1]))
            classes.add(shapes[other][1])
    return tuple(levels) if 2 * len(levels) == len(shapes) and len(classes) == 1 else None


class Fcos(Family):
    """The sample detectors' family."""

    name = "fcos"
    conventions = feeding(scale=1 / 255)

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        levels = pair_levels(shapes, input_hw)
        if levels is None or any(shape[0] != 1 for shape in shapes):
            return None
        return tuple(level.stride for level in levels), shapes[levels[0].classes][1]

    def plausible(self, outputs: Sequence[Output], input_hw: tuple[int, int]) -> bool:
        levels = pair_levels([output.shape for output in outputs], input_hw) or ()
        return not any(are_scores(outputs[level.classes]) for level in levels)

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        input_hw = size_of(spec)
        if self.match([output.shape for output in outputs], input_hw) != (spec.strides, len(spec.labels)):
            self.misfit(outputs, spec)
        levels = pair_levels([output.shape for output in outputs], input_hw) or ()
        logits = np.concatenate([rows_of(outputs[level.classes]) for level in levels])
        distances = np.concatenate([rows_of(outputs[level.boxes]) for level in levels])
        points, scales = grid(input_hw, spec.strides, 0.5)
        # the sigmoid is monotone: compare logits, and take it of the few that remain
        confidence = min(max(spec.confidence, _TINY), 1 - _TINY)
        found, classes = candidates(logits, np.log(confidence / (1 - confidence)))
        sizes = np.exp(np.minimum(distances[found], RAW_LIMIT)) * scales[found, None]
        return raw(around(points[found], sizes), sigmoid(logits[found, classes]), classes)


FAMILIES.add(Fcos())
