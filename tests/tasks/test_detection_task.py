from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from known_targets import Targets

from edgeslim.detections import Annotations, Detections
from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.tasks import task_for
from edgeslim.tasks.base import Prepared

LABELS = ("cat", "dog")
PREPARED = Prepared(np.zeros((1, 3, 64, 64), np.float32), 0.5, 0.5, 4, 0, 100, 120)
"""A 100 × 120 image at half size, four columns from the left."""


def spec(family: str, **more: Any) -> ModelSpec:
    return ModelSpec(family=family, input_width=64, input_height=64, labels=LABELS, nms_iou=0.5, **more)


def one_object(label: int = 0) -> Annotations:
    return Annotations.of(np.array([[0, 0, 50, 50]], np.float32), np.array([label]))


def hit(label: int = 0) -> Detections:
    return Detections(np.array([[0, 0, 50, 50]], np.float32), np.array([0.9], np.float32), np.array([label]))


END_TO_END = np.array(
    [
        [4, 0, 24, 20, 0.5, 0],
        [4, 0, 24, 21, 0.9, 0],  # overlaps the first
        [44, 10, 64, 30, 0.7, 1],  # beyond the right edge: clipped
        [0, 40, 4, 60, 0.8, 1],  # in the padding only
        [5, 5, 9, 9, 0.01, 1],  # not confident enough
    ],
    np.float32,
)


def test_boxes_come_out_in_image_pixels_by_falling_score() -> None:
    model = spec("end_to_end", confidence=0.1)
    found = task_for(model).decode([END_TO_END[None]], PREPARED, model)
    assert isinstance(found, Detections)
    assert found.scores.tolist() == pytest.approx([0.9, 0.7, 0.5])
    assert found.classes.tolist() == [0, 1, 0]
    assert found.boxes.tolist() == [[0, 0, 40, 42], [80, 20, 100, 60], [0, 0, 40, 40]]
    assert (found.boxes.dtype, found.scores.dtype, found.classes.dtype) == (np.float32, np.float32, np.int64)


def test_a_family_with_its_own_suppression_is_not_suppressed_again() -> None:
    """The same boxes as a YOLOv8 output (centre, size, a score for each class) lose the overlapping one."""
    x1, y1, x2, y2, score, label = END_TO_END.T
    rows = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, score * (label == 0), score * (label == 1)]
    model = spec("yolov8", confidence=0.1, strides=(8, 16, 32))
    found = task_for(model).decode([np.stack(rows)[None]], PREPARED, model)
    assert isinstance(found, Detections)
    assert found.scores.tolist() == pytest.approx([0.9, 0.7])


def test_one_object_has_one_label_where_the_specification_says_so() -> None:
    """A place whose two scores both reach the confidence: both labels, or the better one alone."""
    row = np.array([20, 20, 10, 10, 0.6, 0.7], np.float32)
    both = spec("yolov8", confidence=0.1, strides=(8, 16, 32))
    one = spec("yolov8", confidence=0.1, strides=(8, 16, 32), class_agnostic_nms=True)
    decoded = [task_for(s).decode([np.tile(row[:, None], 84)[None]], PREPARED, s) for s in (both, one)]
    assert [each.classes.tolist() for each in decoded if isinstance(each, Detections)] == [[1, 0], [1]]


def test_max_detections() -> None:
    model = spec("end_to_end", confidence=0.1, max_detections=1)
    found = task_for(model).decode([END_TO_END[None]], PREPARED, model)
    assert isinstance(found, Detections)
    assert found.scores.tolist() == pytest.approx([0.9])


def test_a_blind_network_gives_no_boxes() -> None:
    model = spec("yolov8", confidence=0.1, strides=(8, 16, 32))
    found = task_for(model).decode([np.zeros((1, 6, 84), np.float32)], PREPARED, model)
    assert isinstance(found, Detections)
    assert len(found) == 0


def test_a_broken_network_gives_no_boxes() -> None:
    model = spec("yolov8", confidence=0.1, strides=(8, 16, 32))
    found = task_for(model).decode([np.full((1, 6, 84), np.nan, np.float32)], PREPARED, model)
    assert isinstance(found, Detections)
    assert len(found) == 0


def test_outputs_of_another_family_are_refused() -> None:
    model = spec("yolov8", strides=(8, 16, 32))
    with pytest.raises(ModelError):
        task_for(model).decode([np.zeros((1, 9, 84), np.float32)], PREPARED, model)


def test_unknown_family_is_not_decoded_nor_scored() -> None:
    model = spec("unknown")
    task = task_for(model)
    assert task.decode([END_TO_END], PREPARED, model) is None
    assert task.score([None], Targets([one_object()]), LABELS).figures == {}


def test_score_of_known_predictions() -> None:
    task = task_for(spec("yolov8"))
    scores = task.score([hit(), hit(1)], Targets([one_object(), one_object(1)]), LABELS).figures
    assert scores[task.primary_metric] == scores["mAP"] == 1.0
    assert scores["by_class"] == {"cat": 1.0, "dog": 1.0}
    assert (scores["ci95"], scores["images"]) == ((1.0, 1.0), 2)
    assert "paired_delta" not in scores


def test_images_without_annotations_are_not_scored() -> None:
    targets = Targets([one_object(), None])
    task = task_for(spec("yolov8"))
    scores = task.score([hit(), hit()], targets, LABELS)
    assert (scores.figures["images"], scores.figures["mAP"]) == (1, 1.0)
    nothing = task.score([Detections.empty()] * 2, targets, LABELS)
    assert scores.primary is not None and nothing.primary is not None
    change = scores.primary - nothing.primary
    assert (change.value, change.paired_ci95, change.images) == (1.0, (1.0, 1.0), 1)
    assert task_for(spec("yolov8")).score([hit()], Targets([None]), LABELS).figures == {}
