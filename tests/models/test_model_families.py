"""What single families tell apart: layouts, orientations, classes by value; and what is no family's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES, recognise
from edgeslim.models.families.classifier import probabilities
from edgeslim.models.families.geometry import grid
from family_examples import CELL, HEIGHT, HW, THREE, WIDTH, bins, gfl, spec_of, yolov8, zeros


def test_gfl_reads_joined_and_map_layouts() -> None:
    example = gfl()
    spec = spec_of("gfl", example)
    scores, logits = zeros(THREE, 5), bins(THREE)
    scores[CELL, 2] = 0.7
    joined = [np.concatenate([scores, logits], axis=1)[None]]
    sizes = [(8, 12), (4, 6), (2, 3)]
    maps = [
        part.T.reshape(1, -1, *size)
        for rows in (scores, logits)
        for part, size in zip(np.split(rows, [96, 120]), sizes, strict=True)
    ]
    for outputs in (joined, maps):
        boxes, _, classes = FAMILIES.get("gfl").decode(outputs, spec)
        np.testing.assert_allclose(boxes, [example.box], atol=1e-3)
        assert classes.tolist() == [2]
        hints = recognise(outputs, HW)
        assert hints is not None
        assert (hints["family"], len(hints["labels"])) == ("gfl", 5)


def test_gfl_with_as_many_classes_as_box_channels_is_told_apart_by_values() -> None:
    scores = zeros(THREE, 32)
    scores[CELL, 30] = 0.7
    outputs = np.split(bins(THREE), [96, 120]) + np.split(scores, [96, 120])
    labels = tuple(map(str, range(32)))
    spec = ModelSpec(family="gfl", input_width=WIDTH, input_height=HEIGHT, strides=(8, 16, 32), labels=labels)
    boxes, _, classes = FAMILIES.get("gfl").decode(outputs, spec)
    np.testing.assert_allclose(boxes, [(40, 8, 104, 48)], atol=1e-3)
    assert classes.tolist() == [30]


def test_fcos_with_four_classes_takes_the_first_map_for_the_classes() -> None:
    classes, boxes = np.full((1, 4, 4, 6), -9, np.float32), zeros(1, 4, 4, 6)
    classes[0, 3, 2, 3] = 0
    labels = ("a", "b", "c", "d")
    spec = ModelSpec(family="fcos", input_width=WIDTH, input_height=HEIGHT, strides=(16,), labels=labels)
    found, scores, indices = FAMILIES.get("fcos").decode([classes, boxes], spec)
    np.testing.assert_allclose(found, [(40, 24, 72, 56)], atol=1e-3)
    assert (scores.tolist(), indices.tolist()) == ([0.5], [3])


def test_ssd_without_background_keeps_column_zero() -> None:
    scores, boxes = zeros(1, 7, 2), zeros(1, 7, 4)
    scores[0, 4, 0] = 0.6
    spec = ModelSpec(family="ssd", input_width=WIDTH, input_height=HEIGHT, labels=("a", "b"))
    _, _, classes = FAMILIES.get("ssd").decode([boxes, scores], spec)
    assert classes.tolist() == [0]


def test_transposed_yolov8_and_decoded_yolox_are_not_guessed() -> None:
    """[1, N, 7] may be YOLOv8's three classes or YOLOX's two, both in pixels; not YOLOX's raw offsets."""
    rows = yolov8().outputs[0].transpose(0, 2, 1)
    with pytest.raises(ModelError) as caught:
        recognise([rows], HW)
    assert caught.value.code == "ambiguous_family"
    assert sorted(str(caught.value.values["choices"]).split(", ")) == ["yolov8", "yolox_decoded"]


@pytest.mark.parametrize(("columns", "family"), [(84, "yolov8"), (85, "yolox_decoded")])
def test_eighty_classes_decide_between_families_in_pixels(columns: int, family: str) -> None:
    rows = zeros(1, THREE, columns)
    rows[0, :, :2] = grid(HW, (8, 16, 32), 0.5)[0]
    hints = recognise([rows], HW)
    assert hints is not None
    assert hints["family"] == family


def test_yolov8_decodes_both_orientations() -> None:
    example = yolov8()
    transposed = [example.outputs[0].transpose(0, 2, 1)]
    boxes, _, _ = FAMILIES.get("yolov8").decode(transposed, spec_of("yolov8", example))
    np.testing.assert_allclose(boxes, [example.box], atol=1e-3)


def test_shapes_of_no_family_give_no_hints() -> None:
    assert recognise([zeros(1, 19, 4, 6)], HW) is None
    assert recognise([zeros(1, 5, 5), zeros(3, 3, 3, 3)], HW) is None
    assert recognise([], HW) is None


def test_one_row_of_scores_is_a_classifier() -> None:
    hints = recognise([zeros(1, 10)], HW)
    assert hints is not None
    assert (hints["family"], hints["task"], len(hints["labels"])) == ("classifier", "classification", 10)


def test_thousand_classes_are_fed_as_imagenet() -> None:
    hints = recognise([zeros(1, 1000)], HW)
    assert hints is not None
    assert hints["mean"] == (0.485, 0.456, 0.406)


def test_probabilities_of_logits_and_of_a_distribution() -> None:
    np.testing.assert_allclose(
        probabilities([np.log(np.array([[1, 3, 4]], np.float32))]), [0.125, 0.375, 0.5]
    )
    np.testing.assert_allclose(probabilities([np.array([[0.2, 0.8]], np.float32)]), [0.2, 0.8])


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("yolox", {"color": "BGR", "scale": 1.0, "resize": "letterbox_corner", "pad_value": 114.0}),
        ("gfl", {"color": "BGR", "scale": 1.0, "resize": "letterbox_center", "pad_value": 0.0}),
        ("yolov8", {"color": "RGB", "scale": 1 / 255, "resize": "letterbox_center", "pad_value": 114.0}),
        ("ssd", {"color": "RGB", "mean": (127.0, 127.0, 127.0), "resize": "stretch"}),
    ],
)
def test_published_ways_of_feeding(family: str, expected: dict[str, Any]) -> None:
    """A wrong one gives mAP 0 and no error."""
    assert expected.items() <= FAMILIES.get(family).conventions.items()


def test_raw_offsets_beside_scores_are_no_boxes() -> None:
    """UltraFace without its postprocessing: offsets from anchors, of either sign, not corners."""
    random = np.random.default_rng(0)
    logits = random.standard_normal((1, 4420, 2)).astype(np.float32)
    scores = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    offsets = random.standard_normal((1, 4420, 4)).astype(np.float32)
    assert recognise([scores, offsets], (240, 320)) is None
    corners = np.concatenate([offsets[..., :2] * 0.2 + 0.3, offsets[..., :2] * 0.2 + 0.5], axis=2)
    hints = recognise([scores, corners], (240, 320))
    assert hints is not None and hints["family"] == "ssd"


def test_fastestdet_is_told_from_a_map_of_anything_else() -> None:
    outputs = np.random.default_rng(1).uniform(0.1, 0.9, (1, 85, 22, 22)).astype(np.float32)
    hints = recognise([outputs], (352, 352))
    assert hints is not None
    assert (hints["family"], hints["strides"], len(hints["labels"])) == ("fastestdet", (16,), 80)
    assert (hints["color"], hints["scale"], hints["resize"]) == ("BGR", 1 / 255, "stretch")
    assert recognise([outputs * 3], (352, 352)) is None
    assert recognise([outputs], (320, 320)) is None
