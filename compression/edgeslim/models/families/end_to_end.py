"""End to end: the network suppresses duplicates itself; [1, N, 6] is x1, y1, x2, y2 in pixels, score, class.

Source: YOLOv10, arXiv 2405.14458.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.models.base import COCO_80, ModelSpec
from edgeslim.models.families.arrays import are_scores, raw, row_shape, rows_of
from edgeslim.models.families.base import FAMILIES, Columns, Family, HeadColumns, Output, Raw, Shape, feeding
from edgeslim.models.families.geometry import strides_for

_COLUMNS = 6


class EndToEnd(Family):
    """The shapes do not tell the number of classes: without labels, COCO's 80 are assumed."""

    name = "end_to_end"
    nms = False
    conventions = feeding(scale=1 / 255, resize="letterbox_center", confidence=0.001)

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        found = row_shape(shapes[0]) if len(shapes) == 1 and len(shapes[0]) < 4 else None
        if found is None or found[1] != _COLUMNS or strides_for(found[0], input_hw) or shapes[0] == (1, 6):
            return None
        return (), len(COCO_80)

    def plausible(self, outputs: Sequence[Output], input_hw: tuple[int, int]) -> bool:
        rows = rows_of(outputs[0])
        classes = rows[:, 5]
        return not len(rows) or (are_scores(rows[:, 4]) and bool((classes == np.round(classes)).all()))

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        rows = rows_of(outputs[0])
        if len(outputs) != 1 or rows.shape[-1] != _COLUMNS:
            self.misfit(outputs, spec)
        known = (rows[:, 5] >= 0) & (rows[:, 5] < len(spec.labels))
        rows = rows[(rows[:, 4] >= spec.confidence) & known]
        return raw(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64))

    def head(self, level: Sequence[Columns], labels: int) -> HeadColumns | None:
        """None: after suppression, rows have no fixed place in the image."""
        return None


FAMILIES.add(EndToEnd())
