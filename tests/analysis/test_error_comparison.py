"""What two models get wrong, compared."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.analysis.errors import Change, box_confusion, class_confusion, mistakes
from edgeslim.analysis.parts import FEWEST, PartRow, _holm, box_parts, class_parts
from edgeslim.analysis.scores import box_confidence, class_confidence
from edgeslim.detections import Annotations, Detections

SQUARE = np.array([[0, 0, 50, 50]], np.float32)
TRUTHS = [Annotations.of(SQUARE, np.array([place % 2])) for place in range(20)]


def seen(scores: list[float]) -> list[Detections]:
    return [
        Detections(SQUARE, np.array([score], np.float32), truth.classes)
        for score, truth in zip(scores, TRUTHS, strict=True)
    ]


BEFORE, AFTER = seen([0.8] * 20), seen([0.45] * 5 + [0.74] * 15)


def test_scores_that_fall_lose_objects_at_a_fixed_threshold_and_none_at_a_lower_one() -> None:
    found = box_confidence(TRUTHS, BEFORE, AFTER, ("a", "b"), 0.5)
    assert (found.lost, found.lost_at_best, found.wrong_at_best) == (5, 0, 0)
    assert found.shift is not None and found.shift.median == pytest.approx(-0.06, abs=1e-6)
    assert found.f1.before == 1.0 and found.f1.after == pytest.approx(30 / 35)
    assert found.f1.distinguishable
    assert found.mean_ap.before == pytest.approx(1.0) and (found.mean_ap.after or 1) < 0.9
    low, high = found.mean_ap.ci95 or (0.0, 0.0)
    assert low < (found.mean_ap.difference or 0.0) < high < 0.0


def test_a_file_against_itself_differs_in_nothing() -> None:
    found = box_confidence(TRUTHS, BEFORE, BEFORE, ("a", "b"), 0.5)
    assert (found.lost, found.f1.ci95, found.ece.ci95) == (0, (0.0, 0.0), (0.0, 0.0))
    parts = box_parts(TRUTHS, BEFORE, BEFORE, ("a", "b"))
    assert [(row.change.difference, row.p, row.holds) for row in parts.classes] == [(0.0, 1.0, False)] * 2
    same = mistakes(TRUTHS, BEFORE, BEFORE, 2, 0.5)
    assert {row.count.ci95 for row in same.kinds} == {(0.0, 0.0)}


def test_counts_are_from_the_threshold_on_and_daps_of_all_detections() -> None:
    found = mistakes(TRUTHS, BEFORE, AFTER, 2, 0.5)
    missed = next(row for row in found.kinds if row.kind == "missed")
    assert (missed.count.before, missed.count.after) == (0.0, 5.0)
    assert missed.count.distinguishable
    assert (missed.dap.before, missed.dap.after, missed.dap.ci95) == (0.0, 0.0, (0.0, 0.0))
    assert missed.count_by_size["medium"].after == 5.0
    assert box_confusion(TRUTHS, AFTER, 2, 0.5) == ((7, 0, 3), (0, 8, 2), (0, 0, 0))


def test_a_dap_is_sure_where_most_images_have_the_mistake_and_not_where_one_has() -> None:
    def beside(images: int) -> list[Detections]:
        wrong = [
            Detections(one.boxes, one.scores, 1 - one.classes) if place < images else one
            for place, one in enumerate(BEFORE)
        ]
        return wrong

    many, few = (mistakes(TRUTHS, BEFORE, beside(count), 2, 0.5).kinds[0] for count in (12, 1))
    assert many.kind == "classification" and many.dap.distinguishable
    assert (few.dap.difference or 0.0) > 0.0 and not few.dap.distinguishable
    assert many.dap.ci95 is not None and many.dap.ci95[0] < (many.dap.difference or 0.0) < many.dap.ci95[1]


def test_a_class_that_is_lost_comes_first() -> None:
    blind = [
        after if truth.classes[0] else Detections.empty() for truth, after in zip(TRUTHS, BEFORE, strict=True)
    ]
    rows = box_parts(TRUTHS, BEFORE, blind, ("a", "b")).classes
    assert [(row.name, row.change.difference) for row in rows] == [("a", pytest.approx(-1.0)), ("b", 0.0)]
    assert rows[0].holds and rows[0].change.ci95 == (pytest.approx(-1.0), pytest.approx(-1.0))


def test_of_many_classes_one_falls_out_by_chance() -> None:
    rows = [
        PartRow(str(place), Change(0.5, 0.4, (-0.2, -0.01)), p) for place, p in enumerate((0.03, 0.001, 0.6))
    ]
    assert [row.holds for row in _holm(rows)] == [False, True, False]


def test_a_classifier_is_compared_by_recall_and_likeliest_class() -> None:
    truth = np.array([0, 0, 1, 1])
    before = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7]])
    after = np.array([[0.9, 0.1], [0.4, 0.6], [0.1, 0.9], [0.3, 0.7]])
    assert class_confusion(truth, after) == ((1, 1), (0, 2))
    parts = class_parts(truth, before, after, ("a", "b"))
    assert [(row.name, row.change.after) for row in parts.classes] == [("a", 0.5), ("b", 1.0)]
    assert class_confidence(truth, before, after, 0.5).mean_ap.after == 0.75


@pytest.mark.parametrize(("images", "asked"), [(FEWEST - 1, False), (FEWEST, True)])
def test_a_class_on_few_images_has_no_interval_and_is_not_called_changed(images: int, asked: bool) -> None:
    """Its resamples are all alike: without the bound, a single lost object would pass for certain."""
    box = np.array([[10, 10, 50, 50]], np.float32)
    rare, other = (Annotations.of(box, np.array([kind])) for kind in (0, 1))
    truths = [*[rare] * images, *[other] * 30]
    found = [Detections(box, np.array([0.9], np.float32), truth.classes) for truth in truths]
    blind = [*[Detections.empty()] * images, *found[images:]]
    row = next(
        row for row in box_parts(truths, found, blind, ("rare", "other")).classes if row.name == "rare"
    )
    assert row.change.difference == pytest.approx(-1.0)
    assert (row.p is not None, row.change.ci95 is not None, row.holds) == (asked, asked, asked)
