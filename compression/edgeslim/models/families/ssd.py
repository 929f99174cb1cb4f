"""SSD-style: scores [1, N, C] and boxes [1, N, 4], already decoded to corners as fractions of the image.

Source: arXiv 1512.02325; UltraFace (github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.models.base import COCO_80, ModelSpec
from edgeslim.models.families import losses
from edgeslim.models.families.arrays import are_scores, candidates, classes_and_boxes, raw, row_shape, rows_of
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
from edgeslim.models.families.geometry import Values, constants

_NEAR = 2.5
"""Distance from the image's centre, in sides of the image, within which boxes lie."""
_MOST = 0.9
"""Share of the rows that are boxes, for any image."""


class Ssd(Family):
    """If there is one score column more than labels, column 0 is the background and is dropped.

    Recognition assumes that column 0 is the background, unless there is one column or COCO's 80.
    """

    name = "ssd"
    on_grid = False
    conventions = feeding(
        mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0), confidence=0.01, nms_iou=0.45
    )
    variants = (
        {"mean": (123.0, 117.0, 104.0), "std": (1.0, 1.0, 1.0)},
        {"color": "BGR", "mean": (104.0, 117.0, 123.0), "std": (1.0, 1.0, 1.0)},
    )

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        rows = [row_shape(shape) for shape in shapes if len(shape) < 4]
        if len(shapes) != 2 or len(rows) != 2 or rows[0] is None or rows[1] is None:
            return None
        columns = sorted(((rows[0][1]), rows[1][1]), key=lambda count: count == 4)
        if rows[0][0] != rows[1][0] or columns[1] != 4 or columns[0] == 4:
            return None
        background = columns[0] not in (1, len(COCO_80))
        return (), columns[0] - background

    def plausible(self, outputs: Sequence[Output], input_hw: tuple[int, int]) -> bool:
        """Raw offsets, before they are decoded, have no first corner, nor do they lie in the image."""
        boxes = next(rows_of(output) for output in outputs if output.shape[-1] == 4)
        ordered = (boxes[:, 2:] >= boxes[:, :2]).all(axis=1)
        near = np.abs(boxes - 0.5).max(axis=1) < _NEAR
        corners = min(float(ordered.mean()), float(near.mean())) > _MOST
        return corners and all(are_scores(output) for output in outputs if output.shape[-1] != 4)

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        boxes = [rows_of(output) for output in outputs if output.shape[-1] == 4]
        scores = [rows_of(output) for output in outputs if output.shape[-1] != 4]
        if len(boxes) != 1 or len(scores) != 1 or len(boxes[0]) != len(scores[0]):
            self.misfit(outputs, spec)
        background = scores[0].shape[1] - len(spec.labels)
        if background not in (0, 1):
            self.misfit(outputs, spec)
        wanted = scores[0][:, background:]
        found, classes = candidates(wanted, spec.confidence)
        return raw(self.boxes(boxes[0][found], None, None, spec), wanted[found, classes], classes)

    def head(self, level: Sequence[Columns], labels: int) -> HeadColumns | None:
        pair = classes_and_boxes(level, (labels, labels + 1), lambda width: width == 4)
        return HeadColumns(pair[0], numbers=(pair[1],), background=pair[0].width - labels) if pair else None

    def boxes(self, values: Values, points: Values, strides: Values, spec: ModelSpec) -> Values:
        return values * constants([spec.input_width, spec.input_height] * 2, values)

    @property
    def loss(self) -> Loss:
        return losses.multibox


FAMILIES.add(Ssd())
