"""Calibration, thresholds and shifts of scores, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coco_oracle import evaluated
from scenes import random_scenes

from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.confidence import (
    FLOOR,
    Claims,
    box_shift,
    classified,
    curves,
    detected,
    reliability,
    shift,
)
from edgeslim.metrics.confusion import confusion
from edgeslim.metrics.detection import coco_scores, resampled, resampled_by_class, resampled_by_size
from edgeslim.metrics.matching import match
from edgeslim.metrics.tide import tide


def claims(*scored: tuple[int, float, bool], objects: tuple[int, ...]) -> Claims:
    image, score, right = zip(*scored, strict=True)
    return Claims(np.array(image), np.array(score, np.float32), np.array(right), np.array(objects))


def boxes(*scored: tuple[float, tuple[float, float, float, float]], label: int = 0) -> Detections:
    return Detections(
        np.array([box for _, box in scored], np.float32).reshape(-1, 4),
        np.array([score for score, _ in scored], np.float32),
        np.full(len(scored), label, np.int64),
    )


FOUR = claims((0, 0.95, True), (0, 0.85, False), (1, 0.35, True), (1, 0.31, False), objects=(2, 1))


def test_ece_is_the_mean_distance_between_score_and_precision() -> None:
    rows, ece = reliability(FOUR)
    # |0.95 − 1| and |0.85 − 0| once each, |0.33 − 0.5| for two claims.
    assert ece is not None
    assert ece.value == pytest.approx((0.05 + 0.85 + 2 * 0.17) / 4, abs=1e-6)
    assert [(row.claims, row.right) for row in rows if row.claims] == [(2, 0.5), (1, 0.0), (1, 1.0)]
    assert len(ece.resamples) == 1000


@pytest.mark.parametrize("seed", range(4))
def test_ece_equals_an_independent_implementation(seed: int, tmp_path: Path) -> None:
    crowded, seen = random_scenes(seed, images=20, classes=4, most=30, ties=False)
    truths = [Annotations.of(truth.boxes, truth.classes) for truth in crowded]
    predictions = [
        Detections(one.boxes[kept], one.scores[kept], one.classes[kept])
        for one in seen
        for kept in [one.scores >= FLOOR]
    ]
    bins, ece = reliability(detected(truths, predictions, 4))
    oracle = evaluated(truths, predictions, 4, tmp_path).calibration()
    assert ece is not None and ece.value == pytest.approx(oracle["ece"], abs=1e-6)
    assert [each.claims for each in bins] == [each["count"] for each in oracle["bins"]]


def test_claims_below_the_floor_are_no_calibration() -> None:
    assert reliability(claims((0, 0.04, False), objects=(1,)))[1] is None


def test_precision_recall_and_f1_over_the_threshold() -> None:
    found = curves(FOUR)
    at = {round(each / 100, 2): each - 1 for each in range(1, 100)}
    assert found.right[at[0.3]] == 2 and found.claims[at[0.3]] == 4
    assert found.precision[at[0.3]] == 0.5 and found.recall[at[0.3]] == pytest.approx(2 / 3)
    assert found.f1[at[0.9]] == pytest.approx(2 / 4)
    assert np.isnan(found.precision[at[0.99]])
    # From 0.32 to 0.35 two of three claims are right, and two of three objects found.
    assert found.best == pytest.approx(0.32)
    low, high = found.best_ci95 or (1.0, 0.0)
    assert low <= found.best <= high
    assert found.best_ci95 == curves(FOUR).best_ci95


def test_the_shift_is_the_median_over_boxes_that_both_see() -> None:
    square = (0.0, 0.0, 50.0, 50.0)
    before = [boxes((score, square)) for score in (0.9, 0.8, 0.6)]
    after = [boxes((score, square)) for score in (0.8, 0.75, 0.35)]
    found = box_shift(before, after, 0.5)
    assert found is not None
    assert (found.pairs, found.median) == (3, pytest.approx(-0.1))
    assert box_shift(before, after, 0.95) is None
    back = box_shift(after, before, 0.5)
    assert back is not None and back.median == pytest.approx(0.1) and back.pairs == 3


def test_the_same_scores_have_not_moved() -> None:
    found = shift(np.zeros(6), np.arange(6), 6)
    assert found is not None and (found.median, found.ci95) == (0.0, (0.0, 0.0))


def test_a_classifiers_claim_is_its_likeliest_class() -> None:
    found = classified(np.array([[0.7, 0.3], [0.6, 0.4]], np.float32), np.array([0, 1]))
    assert found.right.tolist() == [True, False] and found.objects.tolist() == [1, 1]


def test_claims_are_what_tide_judges() -> None:
    truths, predictions = random_scenes(3, 25, 3, 20, ties=False)
    found, told = detected(truths, predictions, 3), tide(truths, predictions, 3)
    wrong = sum(count for kind, count in told.counts.items() if kind != "missed")
    assert (~found.right).sum() == wrong


def test_figures_of_parts_are_cocos_and_their_mean_is_map() -> None:
    truths, predictions = random_scenes(4, 25, 3, 20, ties=False)
    matches = match(truths, predictions, 3)
    scores = coco_scores(matches, ("a", "b", "c"))
    classes = [each for each in resampled_by_class(matches) if each is not None]
    assert [each.value for each in classes] == pytest.approx(list(scores["by_class"].values()))
    for size, each in resampled_by_size(matches).items():
        assert each is not None and each.value == pytest.approx(scores[f"AP_{size}"])
    whole = resampled(matches)
    assert whole is not None
    assert np.nanmean([each.resamples for each in classes], axis=0) == pytest.approx(whole.resamples)


def test_confusion_has_a_cell_for_each_mistake_of_class_and_the_found_on_its_diagonal() -> None:
    truth = Annotations.of(
        np.array([[0, 0, 40, 40], [100, 0, 140, 40], [200, 0, 240, 40]], np.float32), np.array([0, 1, 1])
    )
    seen = Detections(
        np.array([[0, 0, 40, 40], [100, 0, 140, 40], [300, 0, 340, 40]], np.float32),
        np.array([0.9, 0.8, 0.7], np.float32),
        np.array([0, 0, 1]),
    )
    counts = confusion(tide([truth], [seen], 2).mistakes, [truth], [seen], 2)
    assert counts.tolist() == [[1, 0, 0], [1, 0, 1], [0, 1, 0]]


def test_diagonal_of_confusion_counts_the_right_detections() -> None:
    truths, predictions = random_scenes(6, 25, 3, 20, ties=True)
    counts = confusion(tide(truths, predictions, 3).mistakes, truths, predictions, 3)
    assert counts.diagonal().sum() == detected(truths, predictions, 3).right.sum()
