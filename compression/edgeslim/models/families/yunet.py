"""YuNet face detector: per level class score and objectness [1, N, 1], box [1, N, 4], landmarks [1, N, 10].

score = √(class·objectness); centre = (cell + offset)·stride; size = exp(raw)·stride. Landmarks are not used.
Source: github.com/opencv/opencv_zoo, models/face_detection_yunet; doi 10.1007/s11633-023-1423-y.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
from edgeslim.models.families.geometry import COMMON_STRIDES, Values, cells, from_cells, grid, size_of

_COLUMNS = (1, 1, 4, 10)


class YuNet(Family):
    """Class score and objectness need not be distinguished: the score is the root of their product."""

    name = "yunet"
    conventions = feeding(
        color="BGR", resize="letterbox_corner", pad_value=0.0, confidence=0.02, nms_iou=0.45
    )

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        strides = COMMON_STRIDES[0]
        counts = [h * w for h, w in (cells(input_hw, stride) for stride in strides)]
        wanted = sorted((count, columns) for count in counts for columns in _COLUMNS)
        rows = [row_shape(shape) for shape in shapes]
        return (strides, 1) if sorted(row for row in rows if row) == wanted else None

    def plausible(self, outputs: Sequence[Output], input_hw: tuple[int, int]) -> bool:
        return all(are_scores(output) for output in outputs if output.shape[-1] == 1)

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        input_hw = size_of(spec)
        if self.match([output.shape for output in outputs], input_hw) is None or len(spec.labels) != 1:
            self.misfit(outputs, spec)
        points, scales = grid(input_hw, COMMON_STRIDES[0], 0.0)
        rows = sorted((rows_of(output) for output in outputs), key=len, reverse=True)
        both = [np.clip(part, 0, 1) for part in rows if part.shape[1] == 1]
        scores = np.sqrt(np.concatenate(both[::2]) * np.concatenate(both[1::2]))
        boxes = np.concatenate([part for part in rows if part.shape[1] == 4])
        found, classes = candidates(scores, spec.confidence)
        found_boxes = self.boxes(boxes[found], points[found], scales[found, None], spec)
        return raw(found_boxes, scores[found, classes], classes)

    def head(self, level: Sequence[Columns], labels: int) -> HeadColumns | None:
        scores = [each for each in level if each.width == 1]
        numbers = tuple(each for each in level if each.width > 1)
        if len(scores) != 2 or len(numbers) != 2:
            return None
        return HeadColumns(scores[0], scores[1], numbers, powers=(0.5, 0.5))

    def boxes(self, values: Values, points: Values, strides: Values, spec: ModelSpec) -> Values:
        return from_cells(values, points, strides)

    @property
    def loss(self) -> Loss:
        return losses.objectness


FAMILIES.add(YuNet())
