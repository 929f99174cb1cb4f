from __future__ import annotations

import numpy as np
import pytest

from edgeslim.detections import FloatArray, IntArray
from edgeslim.metrics.fidelity import box_iou
from edgeslim.tasks.detection import CANDIDATES, nms


def plain_nms(boxes: FloatArray, scores: FloatArray, classes: IntArray, iou: float) -> list[int]:
    """The definition, one box at a time."""
    overlap = box_iou(boxes, boxes)
    stay: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        rivals = [kept for kept in stay if classes[kept] == classes[index]]
        if not any(overlap[kept, index] > iou for kept in rivals):
            stay.append(index)
    return stay


def crowded(seed: int, count: int, classes: int) -> tuple[FloatArray, FloatArray, IntArray]:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, 250, (12, 2))[rng.integers(0, 12, count)] + rng.normal(0, 6, (count, 2))
    size = rng.uniform(20, 60, (count, 2))
    boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1).astype(np.float32)
    return boxes, np.round(rng.uniform(size=count), 2).astype(np.float32), rng.integers(0, classes, count)


@pytest.mark.parametrize(("count", "classes"), [(1, 1), (60, 3), (300, 1), (700, 2), (900, 80)])
def test_equals_the_definition(count: int, classes: int) -> None:
    boxes, scores, labels = crowded(count, count, classes)
    assert nms(boxes, scores, labels, 0.5, 10_000).tolist() == plain_nms(boxes, scores, labels, 0.5)


def test_limit_keeps_the_best() -> None:
    boxes, scores, labels = crowded(1, 500, 2)
    everything = nms(boxes, scores, labels, 0.5, 10_000)
    assert nms(boxes, scores, labels, 0.5, 7).tolist() == everything[:7].tolist()
    assert (np.diff(scores[everything]) <= 0).all()


def test_a_box_overlapping_only_a_struck_box_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    scores, labels = np.array([0.9, 0.8, 0.7], np.float32), np.zeros(3, np.int64)
    assert nms(boxes, scores, labels, 0.4, 10).tolist() == [0, 2]


def test_classes_do_not_strike_each_other_out() -> None:
    boxes = np.array([[0, 0, 10, 10]] * 3, np.float32)
    assert nms(boxes, np.array([0.1, 0.3, 0.2], np.float32), np.array([0, 1, 0]), 0.5, 10).tolist() == [1, 2]


def test_an_overlap_of_exactly_the_limit_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 5]], np.float32)
    scores, labels = np.array([0.9, 0.8], np.float32), np.zeros(2, np.int64)
    assert nms(boxes, scores, labels, 0.5, 10).tolist() == [0, 1]
    assert nms(boxes, scores, labels, 0.49, 10).tolist() == [0]


def test_only_the_best_candidates_are_looked_at() -> None:
    count = CANDIDATES + 500
    corner = np.arange(count, dtype=np.float32) * 20
    boxes = np.stack([corner, corner * 0, corner + 10, corner * 0 + 10], axis=1)
    scores = np.linspace(0, 1, count, dtype=np.float32)
    kept = nms(boxes, scores, np.zeros(count, np.int64), 0.5, count)
    assert sorted(kept.tolist()) == list(range(500, count))


def test_no_boxes() -> None:
    nothing = nms(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), 0.5, 10)
    assert nothing.tolist() == []


def test_boxes_without_area_do_not_divide_by_zero() -> None:
    boxes = np.array([[5, 5, 5, 5], [5, 5, 5, 5]], np.float32)
    assert len(nms(boxes, np.ones(2, np.float32), np.zeros(2, np.int64), 0.5, 10)) == 2


def test_class_agnostic_suppression_is_that_of_a_single_class() -> None:
    boxes, scores, labels = crowded(3, 300, 5)
    kept = nms(boxes, scores, labels, 0.5, 10_000, class_agnostic=True).tolist()
    assert kept == plain_nms(boxes, scores, np.zeros_like(labels), 0.5)
    assert len(kept) < len(nms(boxes, scores, labels, 0.5, 10_000))
