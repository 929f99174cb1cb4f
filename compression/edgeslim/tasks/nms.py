"""Class-wise non-maximum suppression in NumPy: exact, greedy by descending score."""

from __future__ import annotations

import numpy as np

from edgeslim.detections import FloatArray, IntArray

CANDIDATES = 1000
"""Number of best-scored boxes per image that are considered."""
_BLOCK = 128
"""Boxes compared pairwise at a time: bounds the cost of a thousand boxes of one class."""


def nms(boxes: FloatArray, scores: FloatArray, classes: IntArray, iou: float, limit: int) -> IntArray:
    """Indices of the kept boxes by descending score, at most `limit`.

    A box is suppressed if a kept box of its class with a higher score overlaps it with an IoU above `iou`. Equal
    scores keep their order. `boxes` is (N, 4) xyxy.
    """
    order = np.argsort(-scores, kind="stable")[:CANDIDATES]
    label = classes[order]
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
