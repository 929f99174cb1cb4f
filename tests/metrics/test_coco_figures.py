"""COCO figures: against faster-coco-eval on hard random scenes, and against cases worked out by hand."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from scenes import random_scenes

from counting import lines
from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.bootstrap import resample_weights
from edgeslim.metrics.detection import coco_scores, resampled, resampled_map
from edgeslim.metrics.matching import Matches, match

FIGURES = {
    "mAP": "AP_all",
    "AP50": "AP_50",
    "AP75": "AP_75",
    "AP_small": "AP_small",
    "AP_medium": "AP_medium",
    "AP_large": "AP_large",
    "AR": "AR_third",
}


def truth(*boxes: tuple[float, float, float, float], classes: list[int] | None = None) -> Annotations:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    return Annotations.of(array, np.array(classes or [0] * len(boxes), np.int64))


def found(
    *scored: tuple[float, tuple[float, float, float, float]], classes: list[int] | None = None
) -> Detections:
    return Detections(
        np.array([box for _, box in scored], np.float32).reshape(-1, 4),
        np.array([score for score, _ in scored], np.float32),
        np.array(classes or [0] * len(scored), np.int64),
    )


def faster_coco_eval(
    truths: list[Annotations], predictions: list[Detections], classes: int
) -> dict[str, float]:
    from faster_coco_eval import COCO
    from faster_coco_eval.core.faster_eval_api import COCOeval_faster

    def xywh(box: Any) -> list[float]:
        x1, y1, x2, y2 = (float(side) for side in box)
        return [x1, y1, x2 - x1, y2 - y1]

    annotations: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image, (objects, boxes) in enumerate(zip(truths, predictions, strict=True), start=1):
        for box, label, crowd, area in zip(
            objects.boxes, objects.classes, objects.crowd, objects.area, strict=True
        ):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": int(label) + 1,
                    "bbox": xywh(box),
                    "area": float(area),
                    "iscrowd": int(crowd),
                }
            )
        for box, label, score in zip(boxes.boxes, boxes.classes, boxes.scores, strict=True):
            results.append(
                {"image_id": image, "category_id": int(label) + 1, "bbox": xywh(box), "score": float(score)}
            )
    images = [{"id": i + 1, "width": 500, "height": 500} for i in range(len(truths))]
    categories = [{"id": k + 1, "name": str(k)} for k in range(classes)]
    known = COCO({"images": images, "annotations": annotations, "categories": categories})
    evaluation = COCOeval_faster(known, known.loadRes(results), "bbox")
    evaluation.run()
    figures: dict[str, float] = evaluation.stats_as_dict
    return figures


def labels(count: int) -> tuple[str, ...]:
    return tuple(f"class {index}" for index in range(count))


@pytest.mark.parametrize("seed", range(8))
def test_figures_equal_faster_coco_eval(seed: int) -> None:
    images, classes, most = [(40, 3, 40), (20, 8, 250), (30, 1, 250), (25, 2, 60)][seed % 4]
    truths, predictions = random_scenes(seed, images, classes, most, ties=seed < 4)
    scores = coco_scores(match(truths, predictions, classes), labels(classes))
    wanted = faster_coco_eval(truths, predictions, classes)
    for ours, theirs in FIGURES.items():
        assert scores[ours] == pytest.approx(wanted[theirs], abs=1e-9), ours


def test_average_precision_worked_out_by_hand() -> None:
    """Right, wrong, right: precision 1 up to recall 0.5 (51 of 101 points), 2/3 beyond (50 points)."""
    objects = truth((0, 0, 10, 10), (100, 100, 110, 110))
    boxes = found((0.9, (0, 0, 10, 10)), (0.8, (50, 50, 60, 60)), (0.7, (100, 100, 110, 110)))
    scores = coco_scores(match([objects], [boxes], 1), ("thing",))
    assert scores["mAP"] == pytest.approx((51 + 50 * 2 / 3) / 101, abs=1e-12)
    assert scores["AR"] == 1.0


def test_a_box_counts_up_to_the_iou_it_reaches() -> None:
    """An IoU of 0.78 is right at 0.50 … 0.75: six of ten thresholds."""
    matches = match([truth((0, 0, 100, 100))], [found((0.5, (0, 0, 100, 78)))], 1)
    scores = coco_scores(matches, ("thing",))
    assert (scores["mAP"], scores["AP50"], scores["AP75"]) == (pytest.approx(0.6), 1.0, 1.0)


def test_sizes_without_objects_are_none_and_classes_without_objects_are_left_out() -> None:
    scores = coco_scores(
        match([truth((0, 0, 50, 50))], [found((0.5, (0, 0, 50, 50)))], 2), ("seen", "absent")
    )
    assert (scores["AP_small"], scores["AP_medium"], scores["AP_large"]) == (None, 1.0, None)
    assert scores["by_class"] == {"seen": 1.0}
    assert scores["mAP"] == 1.0


def test_a_box_on_a_crowd_counts_neither_for_nor_against() -> None:
    plain = truth((0, 0, 100, 100), (200, 0, 300, 100))
    objects = Annotations(plain.boxes, plain.classes, np.array([True, False]), plain.area)
    boxes = found((0.9, (0, 0, 50, 50)), (0.8, (50, 50, 100, 100)), (0.7, (200, 0, 300, 100)))
    assert coco_scores(match([objects], [boxes], 1), ("thing",))["mAP"] == 1.0


def test_a_second_box_on_one_object_is_wrong() -> None:
    objects = truth((0, 0, 10, 10), (100, 100, 110, 110))
    boxes = found((0.9, (0, 0, 10, 10)), (0.8, (0, 0, 10, 10)), (0.7, (100, 100, 110, 110)))
    assert coco_scores(match([objects], [boxes], 1), ("thing",))["mAP"] == pytest.approx(
        (51 + 50 * 2 / 3) / 101
    )


def test_no_detections_at_all_score_zero() -> None:
    matches = match([truth((0, 0, 50, 50)), truth()], [Detections.empty(), Detections.empty()], 1)
    scores = coco_scores(matches, ("thing",))
    assert (scores["mAP"], scores["AR"], scores["by_class"]) == (0.0, 0.0, {"thing": 0.0})
    none = resampled(matches)
    assert none is not None and none.ci95 == (0.0, 0.0)


def test_without_objects_there_are_no_figures() -> None:
    matches = match([truth(), truth()], [found((0.5, (0, 0, 9, 9))), Detections.empty()], 1)
    assert coco_scores(matches, ("thing",))["mAP"] is None
    assert resampled(matches) is None


def test_no_images_at_all() -> None:
    assert coco_scores(match([], [], 2), labels(2))["mAP"] is None


def test_resample_of_every_image_once_is_the_point_estimate() -> None:
    matches = match(*random_scenes(3, 30, 4, 60, ties=False), 4)
    once = np.ones((30, 1), np.int64)
    assert resampled_map(matches, once)[0] == coco_scores(matches, labels(4))["mAP"]


def test_resamples_worked_out_by_hand() -> None:
    """Image 0 is found, image 1 is missed, image 2 is empty."""
    objects = [truth((0, 0, 50, 50)), truth((0, 0, 50, 50)), truth()]
    matches = match(objects, [found((0.5, (0, 0, 50, 50))), Detections.empty(), Detections.empty()], 1)
    weights = np.array([[3, 0, 1, 2, 0], [0, 3, 1, 1, 0], [0, 0, 1, 0, 3]])
    assert resampled_map(matches, weights) == pytest.approx([1, 0, 51 / 101, 67 / 101, np.nan], nan_ok=True)


def test_a_resample_is_the_data_set_with_images_repeated() -> None:
    truths, predictions = random_scenes(5, 12, 3, 40, ties=False)
    weights = np.random.default_rng(0).integers(0, 4, (12, 3))
    values = resampled_map(match(truths, predictions, 3), weights)
    for column, value in zip(weights.T, values, strict=True):
        drawn = np.repeat(np.arange(12), column)
        wanted = faster_coco_eval([truths[i] for i in drawn], [predictions[i] for i in drawn], 3)
        assert value == pytest.approx(wanted["AP_all"], abs=1e-9)


def test_pairing_cancels_what_both_models_share() -> None:
    """Of 100 objects one model finds 80, the other 70 of these: recall is all that differs."""
    objects = [truth((0, 0, 50, 50))] * 100
    hit = found((0.5, (0, 0, 50, 50)))
    better, worse = (
        match(objects, [hit if i < hits else Detections.empty() for i in range(100)], 1) for hits in (80, 70)
    )
    good, bad = resampled(better), resampled(worse)
    assert good is not None and bad is not None and good.ci95 is not None and bad.ci95 is not None
    change = bad - good
    assert change.value == pytest.approx(-0.1, abs=0.01)  # recall is read at 101 points
    assert change.paired_ci95 == pytest.approx([-0.16, -0.05], abs=0.015)
    assert bad.ci95 == pytest.approx([0.61, 0.79], abs=0.015)
    assert good.ci95[0] < bad.ci95[1], "apart from each other their intervals overlap"


def test_a_model_does_not_differ_from_itself() -> None:
    found = resampled(match(*random_scenes(1, 20, 2, 30, ties=False), 2))
    assert found is not None
    assert ((found - found).value, (found - found).paired_ci95) == (0.0, (0.0, 0.0))


def test_draws_depend_on_the_seed_and_the_value_does_not() -> None:
    matches = match(*random_scenes(4, 25, 2, 30, ties=False), 2)
    first, again, other = resampled(matches), resampled(matches), resampled(matches, seed=5)
    assert first is not None and again is not None and other is not None
    assert (first.resamples == again.resamples).all()
    assert first.value == other.value == coco_scores(matches, labels(2))["mAP"]
    assert np.abs(first.resamples - other.resamples).max() > 0.01


def test_resampling_crowded_images_does_not_go_through_them_one_by_one() -> None:
    """About 28 boxes an image in ten classes."""
    few, many = (
        lines(lambda: resampled_map(matches, weights))  # noqa: B023 - called at once
        for matches, weights in (
            (match(*random_scenes(0, images, 10, 60, ties=False), 10), resample_weights(images, 1000))
            for images in (150, 300)
        )
    )
    assert many == few < 100_000


def test_matches_survive_npz() -> None:
    matches = match(*random_scenes(2, 15, 3, 30, ties=False), 3)
    file = io.BytesIO()
    np.savez_compressed(file, **matches.arrays())  # type: ignore[arg-type]
    file.seek(0)
    restored = Matches.of(np.load(file))
    assert coco_scores(restored, labels(3)) == coco_scores(matches, labels(3))
    weights = resample_weights(15, 20)
    assert (resampled_map(restored, weights) == resampled_map(matches, weights)).all()
