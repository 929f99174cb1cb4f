"""FCOS as the sample detectors use it: per level class logits [1, C, h, w] and box distances [1, 4, h, w].

left, top, right, bottom = stride·exp(raw) from the cell's centre (cell + 0.5)·stride; score = sigmoid(logit).
Source: arXiv 1904.01355 (without centre-ness).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.detections import Target
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.arrays import are_scores, candidates, classes_and_boxes, raw, rows_of
from edgeslim.models.families.base import (
    FAMILIES,
    Columns,
    Family,
    HeadColumns,
    Loss,
    Output,
    Raw,
    Shape,
    feeding,
)
from edgeslim.models.families.geometry import Values, around, cells, exp, grid, sigmoid, size_of

if TYPE_CHECKING:
    from torch import Tensor

    from edgeslim.models.families.dense_loss import Dense

RAW_LIMIT = 10.0
"""Larger raw distances are clipped to this: the box would be far outside any image."""
_TINY = 1e-9
_STRIDES = (4, 8, 16, 32, 64, 128)


@dataclass(frozen=True, slots=True)
class Level:
    """One level: its stride, and the indices of its class map and box map among the outputs."""

    stride: int
    classes: int
    boxes: int


def pair_levels(shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[Level, ...] | None:
    """The levels by ascending stride, for any order of the outputs (B, K, h, w); None if they do not fit.

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
    conventions = feeding(scale=1 / 255, resize_filter="antialiased")
    offset = 0.5

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
        points, scales = grid(input_hw, spec.strides, self.offset)
        # compare logits, as the sigmoid is monotone, and compute it for the few that remain
        confidence = min(max(spec.confidence, _TINY), 1 - _TINY)
        found, classes = candidates(logits, np.log(confidence / (1 - confidence)))
        boxes = self.boxes(distances[found], points[found], scales[found, None], spec)
        return raw(boxes, sigmoid(logits[found, classes]), classes)

    def head(self, level: Sequence[Columns], labels: int) -> HeadColumns | None:
        pair = classes_and_boxes(level, (labels,), lambda width: width == 4)
        return HeadColumns(pair[0], numbers=(pair[1],), logits=True) if pair else None

    def boxes(self, values: Values, points: Values, strides: Values, spec: ModelSpec) -> Values:
        return around(points, exp(values, RAW_LIMIT) * strides)

    @property
    def loss(self) -> Loss:
        return self._loss

    def _loss(self, outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
        """Targets are Annotations in input pixels."""
        from edgeslim.models.families.dense_loss import dense_loss

        return dense_loss(self.dense(outputs, spec), targets)

    def dense(self, outputs: Sequence[Tensor], spec: ModelSpec) -> Dense:
        """All levels of a batch, concatenated, for any order of the outputs."""
        import torch

        from edgeslim.models.families.dense_loss import Dense

        shapes = [tuple(output.shape) for output in outputs]
        levels = pair_levels(shapes, size_of(spec))
        assert levels is not None, f"not the outputs of an fcos network: {shapes}"
        strides = tuple(level.stride for level in levels)
        logits, distances = (
            torch.cat([outputs[index].flatten(2).transpose(1, 2) for index in indices], 1)
            for indices in zip(*((level.classes, level.boxes) for level in levels), strict=True)
        )
        found = grid(size_of(spec), strides, self.offset)
        points, scales = (torch.tensor(each, device=logits.device) for each in found)
        return Dense(logits, self.boxes(distances, points, scales[:, None], spec), points, scales)


FAMILIES.add(Fcos())
