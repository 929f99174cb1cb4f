"""FastestDet: one map [1, 5 + C, h, w] at stride 16 of objectness, box and class probabilities.

score = objectness^0.6 · class^0.4; centre = (cell + tanh(raw))·stride; size = sigmoid(raw) of the whole input.
Source: github.com/dog-qiuqiu/FastestDet (utils/tool.py, module/detector.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.models.base import ModelSpec
from edgeslim.models.families import losses
from edgeslim.models.families.arrays import are_scores, raw, rows_of
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
from edgeslim.models.families.geometry import Values, cells, constants, from_centres, grid, sigmoid, size_of

_STRIDE = 16
_FIXED = 5
"""Columns before the class scores: objectness, then the raw x, y, width, height."""
_POWERS = (0.6, 0.4)
"""Of objectness and class probability in the score."""


class FastestDet(Family):
    """A cell gives a box of its best class only, as in the authors' evaluation."""

    name = "fastestdet"
    one_class = True
    conventions = feeding(color="BGR", scale=1 / 255, confidence=0.01, nms_iou=0.45)

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][0] != 1:
            return None
        _, columns, *map_hw = shapes[0]
        fits = tuple(map_hw) == cells(input_hw, _STRIDE) and columns > _FIXED
        return ((_STRIDE,), columns - _FIXED) if fits else None

    def plausible(self, outputs: Sequence[Output], input_hw: tuple[int, int]) -> bool:
        rows = rows_of(outputs[0])
        scores = rows[:, [0, *range(_FIXED, rows.shape[1])]]
        return are_scores(scores) and bool(scores.any())

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        input_hw = size_of(spec)
        if self.match([output.shape for output in outputs], input_hw) != ((_STRIDE,), len(spec.labels)):
            self.misfit(outputs, spec)
        rows = rows_of(outputs[0])
        points, scales = grid(input_hw, (_STRIDE,), self.offset)
        best = rows[:, _FIXED:].argmax(axis=1)
        objectness, likely = (
            np.clip(each, 0, 1) for each in (rows[:, 0], rows[np.arange(len(rows)), _FIXED + best])
        )
        scores = objectness ** _POWERS[0] * likely ** _POWERS[1]
        found = np.flatnonzero(scores >= spec.confidence)
        boxes = self.boxes(rows[found, 1:_FIXED], points[found], scales[found, None], spec)
        return raw(boxes, scores[found], best[found])

    def head(self, level: Sequence[Columns], labels: int) -> HeadColumns | None:
        if len(level) != 1 or level[0].width != _FIXED + labels:
            return None
        (one,) = level
        return HeadColumns(
            one.part(_FIXED, one.width), one.part(0, 1), (one.part(1, _FIXED),), powers=_POWERS
        )

    def boxes(self, values: Values, points: Values, strides: Values, spec: ModelSpec) -> Values:
        inside = isinstance(values, np.ndarray)
        moved = np.tanh(values[..., :2]) if inside else values[..., :2].tanh()
        share = sigmoid(values[..., 2:]) if inside else values[..., 2:].sigmoid()
        return from_centres(
            points + moved * strides, share * constants([spec.input_width, spec.input_height], values)
        )

    @property
    def loss(self) -> Loss:
        return losses.objectness


FAMILIES.add(FastestDet())
