"""Specifications: what is accepted, what is refused, and what the refusal names."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from edgeslim.errors import ModelError
from edgeslim.models.base import COCO_80, ModelSpec, default_labels
from edgeslim.models.families import FAMILIES
from edgeslim.models.spec import load_spec, spec_from_json
from said import said

SIZE = {"input_width": 320, "input_height": 240}


def refused(data: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        spec_from_json(data)
    return caught.value


@pytest.mark.parametrize("family", FAMILIES.names())
def test_family_and_size_are_a_whole_specification(family: str) -> None:
    spec = spec_from_json({"family": family, **SIZE})
    assert spec.family == family
    assert spec.task == FAMILIES.get(family).task
    assert spec_from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_keys_not_given_take_the_familys_conventions() -> None:
    spec = spec_from_json({"family": "gfl", **SIZE, "pad_value": 7})
    assert (spec.color, spec.resize, spec.confidence) == ("BGR", "letterbox_center", 0.025)
    assert spec.mean == (103.53, 116.28, 123.675)
    assert spec.pad_value == 7.0


def test_gray_needs_no_mean_to_be_given() -> None:
    spec = spec_from_json({"color": "GRAY", **SIZE})
    assert (spec.mean, spec.std) == ((0.0,), (1.0,))


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("mean", [1.0, 2.0], "spec_channels"),
        ("std", [1.0], "spec_channels"),
        ("std", [1.0, 0.0, 1.0], "spec_zero"),
        ("mean", [1.0, 2.0, "3"], "spec_number"),
        ("mean", 3.0, "spec_list"),
        ("family", "yolo9000", "spec_choice"),
        ("family", ["yolox"], "spec_choice"),
        ("resize", "crop", "spec_choice"),
        ("color", "CMYK", "spec_choice"),
        ("task", "segmentation", "spec_choice"),
        ("input_width", 0, "spec_whole_number"),
        ("input_height", -32, "spec_whole_number"),
        ("input_height", 320.5, "spec_whole_number"),
        ("input_height", True, "spec_whole_number"),
        ("input_height", 10**400, "spec_whole_number"),
        ("scale", 0, "spec_number_above"),
        ("scale", float("nan"), "spec_number_above"),
        ("confidence", 1.5, "spec_number"),
        ("nms_iou", -0.1, "spec_number"),
        ("nms_iou", "0.5", "spec_number"),
        ("class_agnostic_nms", 1, "spec_boolean"),
        ("pad_value", 256, "spec_number"),
        ("strides", [8, 0], "spec_whole_number"),
        ("labels", ["cat", "cat"], "spec_labels"),
        ("labels", ["cat", " "], "spec_labels"),
        ("labels", "cat", "spec_list"),
        ("max_detections", 0, "spec_whole_number"),
    ],
)
def test_bad_value_is_refused_by_key(key: str, value: Any, code: str) -> None:
    error = refused({**SIZE, key: value})
    assert error.code == code
    assert error.values["key"] == key
    assert f"“{key}”" in said(error)


def test_wrong_channel_count_says_how_many_the_colour_order_has() -> None:
    error = refused({**SIZE, "color": "GRAY", "mean": [1.0, 2.0, 3.0], "std": [1.0]})
    assert (error.code, error.values["expected"], error.values["count"]) == ("spec_channels", 1, 3)


def test_misspelt_key_is_refused_with_the_nearest() -> None:
    error = refused({**SIZE, "labls": ["cat"]})
    assert error.code == "spec_unknown_key"
    assert "labels" in str(error)


def test_missing_size_is_refused() -> None:
    assert refused({"input_width": 320}).values["key"] == "input_height"


def test_task_that_is_not_the_familys_is_refused() -> None:
    assert refused({**SIZE, "family": "yolox", "task": "classification"}).code == "spec_task"


@pytest.mark.parametrize("data", [None, [], "spec", 3])
def test_anything_but_an_object_is_refused(data: Any) -> None:
    assert refused(data).code == "spec_not_object"


def test_saved_specification_loads_as_the_same(tmp_path: Path) -> None:
    spec = spec_from_json({"family": "ssd", "labels": ["脸"], **SIZE})
    (tmp_path / "m.spec.json").write_text(json.dumps(spec.to_json()), encoding="utf-8")
    assert load_spec(tmp_path / "m.spec.json") == spec


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_file_that_is_not_json_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.spec.json"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        load_spec(path)
    assert caught.value.code == "spec_not_json"
    assert "broken.spec.json" in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_spec(tmp_path / "none.json")
    assert caught.value.code == "spec_unreadable"


def test_eighty_classes_are_cocos() -> None:
    assert len(COCO_80) == len(set(COCO_80)) == 80
    assert (COCO_80[0], COCO_80[76], COCO_80[79]) == ("person", "scissors", "toothbrush")
    assert default_labels(80) == COCO_80
    assert default_labels(2) == ("class_0", "class_1")


def test_what_a_store_keeps_by_a_specification_stays_valid_where_nothing_is_asked_for() -> None:
    """Keys of the store are made of this JSON: a field that came later is in it only where it is on."""
    off, on = (spec_from_json({**SIZE, "class_agnostic_nms": value}) for value in (False, True))
    assert "class_agnostic_nms" not in off.to_json()
    assert on.to_json()["class_agnostic_nms"] is True
    assert [spec_from_json(spec.to_json()) for spec in (off, on)] == [off, on]


def test_a_specification_from_before_there_were_filters_keeps_the_antialiased_one() -> None:
    """It says how images are resized; a shorter one leaves that to the family, and so the filter too."""
    old = spec_from_json({"family": "yolox", **SIZE, "resize": "letterbox_corner"})
    assert old.resize_filter == "antialiased"
    assert "resize_filter" not in old.to_json()
    new = spec_from_json({"family": "yolox", **SIZE})
    assert new.resize_filter == "bilinear"
    assert spec_from_json(new.to_json()) == new


@pytest.mark.parametrize(
    ("family", "by"),
    [("yolox", "bilinear"), ("gfl", "bilinear"), ("picodet", "bicubic"), ("fcos", "antialiased")],
)
def test_a_family_resizes_as_its_training_code_does(family: str, by: str) -> None:
    assert FAMILIES.get(family).conventions["resize_filter"] == by


def test_every_key_and_every_family_is_documented() -> None:
    told = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
    keys = [field.name for field in dataclasses.fields(ModelSpec)]
    assert [key for key in (*keys, *FAMILIES.names()) if f"`{key}`" not in told] == []
    example = told[told.index("    {\n") : told.index("    }\n") + 6]
    spec = spec_from_json(json.loads(example))
    assert (spec.family, spec.color, spec.resize_filter) == ("yolox", "RGB", "bilinear")
