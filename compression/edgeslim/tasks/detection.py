"""Detection: decode by the model's family, suppress duplicates, score by COCO mAP."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from edgeslim.datasets.base import Split
from edgeslim.detections import Annotations, Detections, FloatArray, IntArray
from edgeslim.metrics import detection
from edgeslim.metrics.bootstrap import SEED
from edgeslim.metrics.matching import match
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES, UNKNOWN
from edgeslim.tasks.base import Prediction, Prepared, Scores, prepare, to_image

CANDIDATES = 1000
"""Number of best-scored boxes per image that are considered."""
_BLOCK = 128
"""Boxes compared pairwise at a time: bounds the cost of a thousand boxes of one class."""


def nms(
    boxes: FloatArray,
    scores: FloatArray,
    classes: IntArray,
    iou: float,
    limit: int,
    class_agnostic: bool = False,
) -> IntArray:
    """Indices of the kept boxes by descending score, at most `limit`.

    A box is suppressed if a kept box of its class (`class_agnostic`: of any class) with a higher score overlaps it
    with an IoU above `iou`. Equal scores keep their order. `boxes` is (N, 4) xyxy.
    """
    order = np.argsort(-scores, kind="stable")[:CANDIDATES]
    label = np.zeros_like(order) if class_agnostic else classes[order]
    by_class = np.argsort(label, kind="stable")
    ends = np.flatnonzero(np.diff(label[by_class])) + 1
    stay = [group[_suppress(boxes[order[group]], iou, limit)] for group in np.split(by_class, ends)]
    ranks = np.sort(np.concatenate(stay))[:limit]
    kept: IntArray = order[ranks]
    return kept


def _suppress(boxes: FloatArray, iou: float, limit: int) -> IntArray:
    """NMS of boxes of one class, sorted by descending score."""
    if len(boxes) < 2:
        return np.arange(len(boxes))
    stay: list[IntArray] = []
    rest = np.arange(len(boxes))
    while len(rest) and sum(map(len, stay)) < limit:
        block, rest = rest[:_BLOCK], rest[_BLOCK:]
        best = block[_first_of_each(_overlapping(boxes[block], boxes[block], iou))]
        stay.append(best)
        if len(rest):
            rest = rest[~_overlapping(boxes[best], boxes[rest], iou).any(axis=0)]
    return np.concatenate(stay)


def _first_of_each(overlapping: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[int]:
    """Rows that no earlier kept row overlaps. Rows are bit sets, so that one `or` suppresses all that a row overlaps."""
    rows = [int.from_bytes(row.tobytes(), "little") for row in np.packbits(overlapping, 1, bitorder="little")]
    struck, stay = 0, []
    for index, row in enumerate(rows):
        if not struck >> index & 1:
            stay.append(index)
            struck |= row
    return stay


def _overlapping(
    boxes: FloatArray, others: FloatArray, iou: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """(N, M): whether the IoU of the pair is above `iou`."""
    ax1, ay1, ax2, ay2 = boxes.T[:, :, None]
    bx1, by1, bx2, by2 = others.T
    width = np.minimum(ax2, bx2) - np.maximum(ax1, bx1)
    height = np.minimum(ay2, by2) - np.maximum(ay1, by1)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared
    above: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = shared > iou * union
    return above


class Detection:
    """Boxes. A model of the unknown family gets prepared images, but gives no predictions."""

    name = "detection"
    primary_metric = "mAP"

    prepare = staticmethod(prepare)

    def decode(
        self, outputs: Sequence[np.ndarray[Any, Any]], prepared: Prepared, spec: ModelSpec
    ) -> Detections | None:
        """At most `spec.max_detections` boxes in image pixels by falling score; None for the unknown family.

        Boxes without area inside the image are dropped. Raises ModelError where the outputs do not fit the
        family.
        """
        if spec.family == UNKNOWN:
            return None
        family = FAMILIES.get(spec.family)
        boxes, scores, classes = family.decode(outputs, spec)
        if family.nms:
            limits = spec.nms_iou, spec.max_detections
            chosen = nms(boxes, scores, classes, *limits, spec.class_agnostic_nms)
        else:
            chosen = np.argsort(-scores, kind="stable")[: spec.max_detections]
        boxes = to_image(boxes[chosen], prepared)
        inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        chosen = chosen[inside]
        return Detections(boxes[inside], scores[chosen], classes[chosen])

    def score(
        self, predictions: Sequence[Prediction], split: Split, labels: tuple[str, ...], seed: int = SEED
    ) -> Scores:
        """COCO figures over the `images` that have annotations; empty if nothing can be scored."""
        targets = [(index, split.target(index)) for index in range(len(split))]
        truth = {index: target for index, target in targets if isinstance(target, Annotations)}
        found = _detections(predictions, truth)
        if not truth or found is None:
            return Scores()
        matches = match(list(truth.values()), found, len(labels))
        primary = detection.resampled(matches, seed)
        figures = {**detection.coco_scores(matches, labels), "images": len(truth)}
        return Scores({**figures, "ci95": primary.ci95 if primary else None}, primary)


def _detections(predictions: Sequence[Prediction], indices: Iterable[int]) -> list[Detections] | None:
    """The predictions of these images, or None if the model's family gives none."""
    chosen = [predictions[index] for index in indices]
    found = [each for each in chosen if isinstance(each, Detections)]
    return found if len(found) == len(chosen) else None
