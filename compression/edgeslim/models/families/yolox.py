"""YOLOX: one output [1, N, 5 + C] over all levels; objectness and class scores already through a sigmoid.

Source: arXiv 2107.08430 and the demo of github.com/Megvii-BaseDetection/YOLOX.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.models.base import ModelSpec
from edgeslim.models.families import losses
from edgeslim.models.families.arrays import are_scores, raw, row_shape, rows_of
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
from edgeslim.models.families.geometry import Values, from_cells, from_centres, grid, size_of, strides_for

_CONVENTIONS = feeding(color="BGR", resize="letterbox_corner", confidence=0.01, nms_iou=0.65)
_LEGACY = {"color": "RGB", "scale": 1 / 255, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
"""Of models from before release 0.1.1."""
_FIXED = 5
"""Columns before the class scores: x, y, width, height, objectness."""


def centres_in_pixels(rows: Output, input_hw: tuple[int, int]) -> bool:
    """Whether the first two columns are positions in pixels, not offsets in cells from the row's cell."""
    strides = strides_for(len(rows), input_hw)
    if strides is None:
        return False
    points, scales = grid(input_hw, strides, 0.5)
    as_pixels = np.abs(rows[:, :2] - points) / scales[:, None]
    as_offsets = np.abs(rows[:, :2])
    return bool(np.median(as_pixels) < np.median(as_offsets))


class Yolox(Family):
    """x, y = (offset + cell)·stride; width, height = exp(raw)·stride: decoded here.

    A cell gives a box of its best class only, as in the authors' evaluation.
    """

    name = "yolox"
    one_class = True
    conventions = _CONVENTIONS
    variants = (_LEGACY,)
    decoded = False

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        found = row_shape(shapes[0]) if len(shapes) == 1 and len(shapes[0]) < 4 else None
        if found is None or found[1] <= _FIXED:
            return None
        strides = strides_for(found[0], input_hw)
        return (strides, found[1] - _FIXED) if strides else None

    def plausible(self, outputs: Sequence[Output], input_hw: tuple[int, int]) -> bool:
        rows = rows_of(outputs[0])
        return are_scores(rows[:, 4:]) and centres_in_pixels(rows, input_hw) == self.decoded

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        rows = rows_of(outputs[0])
        points, scales = grid(size_of(spec), spec.strides, 0.0)
        if len(outputs) != 1 or rows.shape != (len(points), _FIXED + len(spec.labels)):
            self.misfit(outputs, spec)
        best = rows[:, _FIXED:].argmax(axis=1)
        scores = rows[:, 4] * rows[np.arange(len(rows)), _FIXED + best]
        found = np.flatnonzero(scores >= spec.confidence)
        boxes = self.boxes(rows[found, :4], points[found], scales[found, None], spec)
        return raw(boxes, scores[found], best[found])

    def head(self, level: Sequence[Columns], labels: int) -> HeadColumns | None:
        if len(level) != 1 or level[0].width != _FIXED + labels:
            return None
        (one,) = level
        return HeadColumns(one.part(_FIXED, one.width), one.part(4, _FIXED), (one.part(0, 4),))

    def boxes(self, values: Values, points: Values, strides: Values, spec: ModelSpec) -> Values:
        return from_cells(values, points, strides)

    @property
    def loss(self) -> Loss:
        return losses.objectness


class YoloxDecoded(Yolox):
    """The same, exported with `--decode_in_inference`: centres and sizes are already in pixels."""

    name = "yolox_decoded"
    decoded = True
    on_grid = False

    def boxes(self, values: Values, points: Values, strides: Values, spec: ModelSpec) -> Values:
        return from_centres(values[..., :2], values[..., 2:])


FAMILIES.add(Yolox())
FAMILIES.add(YoloxDecoded())
