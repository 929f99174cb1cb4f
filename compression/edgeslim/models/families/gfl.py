"""Generalized focal loss heads (NanoDet, PicoDet): class scores, and a distribution over bins for every edge.

The distance to an edge is the softmax-weighted mean of the bins 0 … reg_max, times the stride. Each level
has a class map and a box map ([1, h·w, K], [h·w, K] or [1, K, h, w]), or all levels are in one output
[1, N, C + 4·(reg_max + 1)].
Source: arXiv 2006.04388; github.com/RangiLyu/nanodet; PicoDet, arXiv 2111.00902.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from edgeslim.detections import FloatArray
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import losses
from edgeslim.models.families.arrays import are_scores, candidates, classes_and_boxes, raw, row_shape, rows_of
from edgeslim.models.families.base import FAMILIES, Columns, Family, HeadColumns, Loss, Output, Raw, Shape
from edgeslim.models.families.geometry import (
    COMMON_STRIDES,
    Values,
    around,
    cells,
    constants,
    grid,
    size_of,
    strides_for,
)

Layout = Literal["joined", "separate"]
_USUAL_BINS = 8
_NANODET_COLORS = {
    "color": "BGR",
    "scale": 1.0,
    "mean": (103.53, 116.28, 123.675),
    "std": (57.375, 57.12, 58.395),
}
_IMAGENET = {"color": "RGB", "scale": 1 / 255, "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


class Gfl(Family):
    """One published variant: the same head, with its own strides, point in the cell, layouts and conventions.

    `layouts`: those by which it is recognised; it decodes both.
    """

    def __init__(
        self,
        name: str,
        conventions: Mapping[str, Any],
        *,
        strides: tuple[int, ...],
        offset: float,
        layouts: Sequence[Layout],
        variants: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.name, self.conventions, self.variants = name, conventions, variants
        self._strides, self.offset, self._layouts = strides, offset, layouts

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        for layout in self._layouts:
            classes = _CLASSES[layout](shapes, input_hw, self._strides)
            if classes is not None:
                return self._strides, classes
        return None

    def plausible(self, outputs: Sequence[Output], input_hw: tuple[int, int]) -> bool:
        found = self.match([output.shape for output in outputs], input_hw)
        if found is None:
            return False
        parts = _levels(outputs, input_hw, *found)
        return parts is not None and are_scores(parts[0]) and not are_scores(parts[1])

    def decode(self, outputs: Sequence[Output], spec: ModelSpec) -> Raw:
        input_hw = size_of(spec)
        parts = _levels(outputs, input_hw, spec.strides, len(spec.labels))
        if parts is None:
            self.misfit(outputs, spec)
        scores, logits = parts
        points, scales = grid(input_hw, spec.strides, self.offset)
        found, classes = candidates(scores, spec.confidence)
        boxes = self.boxes(logits[found], points[found], scales[found, None], spec)
        return raw(boxes, scores[found, classes], classes)

    def head(self, level: Sequence[Columns], labels: int) -> HeadColumns | None:
        if len(level) == 1:
            (one,) = level
            if not _is_boxes(one.width - labels):
                return None
            return HeadColumns(one.part(0, labels), bins=one.part(labels, one.width))
        pair = classes_and_boxes(level, (labels,), _is_boxes)
        return HeadColumns(pair[0], bins=pair[1]) if pair else None

    def boxes(self, values: Values, points: Values, strides: Values, spec: ModelSpec) -> Values:
        return around(points, _expected_bins(values) * strides)

    @property
    def loss(self) -> Loss:
        return losses.quality


def _expected_bins(logits: Values) -> Values:
    """(…, 4) mean bin of the four distributions in (…, 4·bins) logits."""
    bins = logits.shape[-1] // 4
    edges = logits.reshape(*logits.shape[:-1], 4, bins)
    if not isinstance(edges, np.ndarray):
        return edges.softmax(-1) @ constants(range(bins), edges)
    weights = np.exp(edges - edges.max(axis=-1, keepdims=True, initial=-np.inf))
    return (weights @ constants(range(bins), edges)) / weights.sum(axis=-1)


def _joined_classes(
    shapes: Sequence[Shape], input_hw: tuple[int, int], strides: tuple[int, ...]
) -> int | None:
    """Number of classes in the layout with one output, assuming eight bins."""
    found = row_shape(shapes[0]) if len(shapes) == 1 and len(shapes[0]) < 4 else None
    if found is None or found[1] <= 4 * _USUAL_BINS or strides_for(found[0], input_hw) != strides:
        return None
    return found[1] - 4 * _USUAL_BINS


def _separate_classes(
    shapes: Sequence[Shape], input_hw: tuple[int, int], strides: tuple[int, ...]
) -> int | None:
    """Number of classes in the layout with two outputs per level, or None if it does not fit or is ambiguous.

    Both widths are equal on all levels. Boxes have 4·bins channels: the usual 32 if one width is 32, else the only
    width divisible by four.
    """
    rows = [row_shape(shape) for shape in shapes]
    counts = [h * w for h, w in (cells(input_hw, stride) for stride in strides)]
    if len(rows) != 2 * len(strides) or sorted(row[0] for row in rows if row) != sorted(counts * 2):
        return None
    pairs = {tuple(sorted(row[1] for row in rows if row and row[0] == count)) for count in counts}
    if len(pairs) != 1:
        return None
    channels = list(pairs.pop())
    boxes = [k for k in channels if k == 4 * _USUAL_BINS] or [k for k in channels if k % 4 == 0 and k >= 8]
    if len(boxes) != 1:
        return None
    channels.remove(boxes[0])
    return int(channels[0])


def _levels(
    outputs: Sequence[Output], input_hw: tuple[int, int], strides: tuple[int, ...], classes: int
) -> tuple[FloatArray, FloatArray] | None:
    """Scores (N, C) and bin logits (N, 4·bins), levels in the order of strides; None if they do not fit."""
    counts = [h * w for h, w in (cells(input_hw, stride) for stride in strides)]
    rows = [rows_of(output) for output in outputs]
    if len(rows) == 1 and len(rows[0]) == sum(counts) and _is_boxes(rows[0].shape[1] - classes):
        return rows[0][:, :classes], rows[0][:, classes:]
    scores, logits = [], []
    for count in counts:
        level = [part for part in rows if len(part) == count]
        if len(level) != 2:
            return None
        first, second = level
        same = first.shape[1] == second.shape[1]
        first_is_scores = are_scores(first) if same else first.shape[1] == classes
        if not first_is_scores:
            first, second = second, first
        if first.shape[1] != classes or not _is_boxes(second.shape[1]):
            return None
        scores.append(first)
        logits.append(second)
    if len({part.shape[1] for part in logits}) != 1:  # also if there are none
        return None
    return np.concatenate(scores), np.concatenate(logits)


def _is_boxes(channels: int) -> bool:
    return channels >= 8 and channels % 4 == 0


_CLASSES = {"joined": _joined_classes, "separate": _separate_classes}


FAMILIES.add(
    Gfl(
        "gfl",
        {
            **_NANODET_COLORS,
            "resize": "letterbox_center",
            "resize_filter": "bilinear",
            "pad_value": 0.0,
            "confidence": 0.025,
            "nms_iou": 0.6,
        },
        strides=COMMON_STRIDES[0],
        offset=0.5,
        layouts=("separate", "joined"),
        variants=({"resize": "stretch"},),
    )
)
FAMILIES.add(
    Gfl(
        "picodet",
        {**_IMAGENET, "resize": "stretch", "resize_filter": "bicubic", "confidence": 0.025, "nms_iou": 0.6},
        strides=COMMON_STRIDES[1],
        offset=0.5,
        layouts=("separate",),
    )
)
FAMILIES.add(
    Gfl(
        "nanodet_plus",
        {
            **_NANODET_COLORS,
            "resize": "stretch",
            "resize_filter": "bilinear",
            "confidence": 0.05,
            "nms_iou": 0.6,
        },
        strides=COMMON_STRIDES[1],
        offset=0.0,
        layouts=("joined",),
    )
)
