"""Class-wise non-maximum suppression in numpy: exact, greedy by falling score."""

from __future__ import annotations

import numpy as np

from edgeslim.detections import FloatArray, IntArray

CANDIDATES = 1000
"""Only so many of the best-scored boxes of an image are looked at."""
_BLOCK = 128
"""Boxes compared all with all at a time: bounds the cost where a thousand boxes are of one class."""


def nms(boxes: FloatArray, scores: FloatArray, classes: IntArray, iou: float, limit: int) -> IntArray:
    """Indices of the boxes that stay, by falling score, at most `limit`.

    A box goes when a better-scored box of its class that stays overlaps it with an IoU above `iou`. Of equal
    scores the first comes first. `boxes` is (N, 4) xyxy.
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
    """NMS of boxes of one class, already by falling score."""
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
    """Rows that no earlier staying row overlaps. Rows are bit sets: an `or` strikes out what one overlaps."""
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
