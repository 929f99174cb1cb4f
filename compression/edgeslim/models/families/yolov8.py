"""YOLOv8-style: one output [1, 4 + C, N] of centres and sizes in pixels, then class scores; no objectness.

Also YOLO11 and the like, and the same transposed. Source: docs.ultralytics.com (export format).
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.detections import FloatArray
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import losses
from edgeslim.models.families.arrays import are_scores, candidates, raw, row_shape, rows_of
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
from edgeslim.models.families.geometry import Values, from_centres, strides_for
from edgeslim.models.families.yolox import centres_in_pixels


class Yolov8(Family):
    """The number of labels determines the orientation."""

    name = "yolov8"
    on_grid = False
    conventions = feeding(scale=1 / 255, resize="letterbox_center", confidence=0.001, nms_iou=0.7)

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        found = row_shape(shapes[0]) if len(shapes) == 1 and len(shapes[0]) < 4 else None
        if found is None:
            return None
        for count, columns in (found[::-1], found):
            strides = strides_for(count, input_hw)
            if strides and columns > 4:
                return strides, columns - 4
        return None

    def plausible(self, outputs: Sequence[Output], input_hw: tuple[int, int]) -> bool:
        rows = rows_of(outputs[0])
        if strides_for(len(rows), input_hw) is None:
            rows = rows.T
        return are_scores(rows[:, 4:]) and centres_in_pixels(rows, input_hw)

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        rows = self._oriented(outputs, spec)
        scores = rows[:, 4:]
        found, classes = candidates(scores, spec.confidence)
        return raw(self.boxes(rows[found, :4], None, None, spec), scores[found, classes], classes)

    def columns_first(self, shape: Shape, labels: int) -> bool:
        return shape[1] == 4 + labels

    def head(self, level: Sequence[Columns], labels: int) -> HeadColumns | None:
        if len(level) != 1 or level[0].width != 4 + labels:
            return None
        return HeadColumns(level[0].part(4, 4 + labels), numbers=(level[0].part(0, 4),))

    def boxes(self, values: Values, points: Values, strides: Values, spec: ModelSpec) -> Values:
        return from_centres(values[..., :2], values[..., 2:])

    @property
    def loss(self) -> Loss:
        return losses.quality

    def _oriented(self, outputs: Sequence[Output], spec: ModelSpec) -> FloatArray:
        columns = 4 + len(spec.labels)
        rows = rows_of(outputs[0])
        if len(outputs) == 1 and rows.ndim == 2:
            if rows.shape[0] == columns:
                return rows.T
            if rows.shape[1] == columns:
                return rows
        self.misfit(outputs, spec)


FAMILIES.add(Yolov8())
