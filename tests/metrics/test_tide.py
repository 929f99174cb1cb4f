"""TIDE: against an independent implementation on hard random scenes, and each kind worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coco_oracle import evaluated
from scenes import random_scenes

from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.detections import Annotations, Detections
from edgeslim.metrics.detection import coco_scores
from edgeslim.metrics.matching import match
from edgeslim.metrics.tide import KINDS, SIZES, Tide, mistakes_of, tide
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.predictions import predict

ORACLE = dict(zip(KINDS, ("Cls", "Loc", "Both", "Dupe", "Bkg", "Miss"), strict=True))
"""Its names for our kinds."""
REAL_DATA = Path(__file__).parents[3] / "shared" / "data"
BOX = (0.0, 0.0, 100.0, 100.0)


def judged(
    truths: list[Annotations], predictions: list[Detections], classes: int, folder: Path
) -> dict[str, Any]:
    told: dict[str, Any] = evaluated(truths, predictions, classes, folder).tide_errors()
    return told


def assert_equal(found: Tide, oracle: dict[str, Any], counts: bool = True) -> None:
    assert found.ap50 == pytest.approx(oracle["ap_base"], abs=1e-9)
    for kind in KINDS:
        assert found.delta[kind].value == pytest.approx(oracle["delta_ap"][ORACLE[kind]], abs=1e-9), kind
        if counts:
            assert found.counts[kind] == oracle["counts"][ORACLE[kind]], kind
    assert found.false_positives.value == pytest.approx(oracle["delta_ap"]["FP"], abs=1e-9)
    assert found.false_negatives.value == pytest.approx(oracle["delta_ap"]["FN"], abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_equals_an_independent_implementation_on_random_scenes(seed: int, tmp_path: Path) -> None:
    crowded, predictions = random_scenes(seed, images=20, classes=4, most=30, ties=False)
    truths = [Annotations.of(truth.boxes, truth.classes) for truth in crowded]
    found = tide(truths, predictions, 4)
    assert_equal(found, judged(truths, predictions, 4, tmp_path))
    assert mistakes_of(truths, predictions) == found.mistakes


def test_the_base_is_cocos_ap50_also_with_crowds_and_ties() -> None:
    truths, predictions = random_scenes(7, images=30, classes=5, most=40, ties=True)
    labels = tuple(map(str, range(5)))
    expected = coco_scores(match(truths, predictions, 5), labels)["AP50"]
    assert tide(truths, predictions, 5).ap50 == pytest.approx(expected, abs=1e-12)


def truth(*objects: tuple[tuple[float, ...], int]) -> Annotations:
    corners = np.array([box for box, _ in objects], np.float32).reshape(-1, 4)
    return Annotations.of(corners, np.array([label for _, label in objects], np.int64))


def found(*seen: tuple[tuple[float, ...], int, float]) -> Detections:
    return Detections(
        np.array([box for box, _, _ in seen], np.float32).reshape(-1, 4),
        np.array([score for _, _, score in seen], np.float32),
        np.array([label for _, label, _ in seen], np.int64),
    )


@pytest.mark.parametrize(
    ("detection", "kind"),
    [
        ((BOX, 1, 0.9), "classification"),
        (((0.0, 0.0, 100.0, 30.0), 0, 0.9), "localization"),
        (((0.0, 0.0, 100.0, 30.0), 1, 0.9), "both"),
        (((300.0, 300.0, 400.0, 400.0), 0, 0.9), "background"),
    ],
)
def test_a_single_wrong_box_is_of_its_kind(detection: Any, kind: str) -> None:
    told = tide([truth((BOX, 0))], [found(detection)], 2)
    assert told.mistakes[0].kind == kind
    fixes = kind in ("classification", "localization")
    assert [one.kind for one in told.mistakes[1:]] == ([] if fixes else ["missed"])
    assert told.mistakes[0].corrects is fixes
    assert told.delta[kind].value == (1.0 if fixes else 0.0)  # type: ignore[index]


def test_a_second_box_on_a_found_object_is_a_duplicate_and_costs_nothing_behind_it() -> None:
    told = tide([truth((BOX, 0))], [found((BOX, 0, 0.9), (BOX, 0, 0.4))], 1)
    assert [(one.kind, one.detection) for one in told.mistakes] == [("duplicate", 1)]
    assert (told.ap50, told.delta["duplicate"].value) == (1.0, 0.0)


def test_of_two_boxes_that_could_have_had_the_object_the_better_scored_is_put_right() -> None:
    told = tide([truth((BOX, 0))], [found((BOX, 1, 0.5), ((0.0, 0.0, 100.0, 30.0), 0, 0.8))], 2)
    assert {one.kind: one.corrects for one in told.mistakes} == {
        "localization": True,
        "classification": False,
    }


def test_a_crowd_is_neither_missed_nor_a_place_for_mistakes() -> None:
    crowd = truth((BOX, 0))
    crowd.crowd[:] = True
    told = tide([crowd, truth((BOX, 0))], [found((BOX, 0, 0.9)), found()], 1)
    assert [(one.image, one.kind) for one in told.mistakes] == [(1, "missed")]


def test_sizes_part_the_mistakes() -> None:
    small, large = (0.0, 0.0, 20.0, 20.0), (100.0, 100.0, 300.0, 300.0)
    told = tide([truth((small, 0), (large, 0))], [found()], 1)
    assert [one.size for one in told.mistakes] == ["small", "large"]
    assert told.counts["missed"] == 2 and told.delta["missed"].value == 0.0
    assert set(told.by_size) == set(SIZES)


def test_without_objects_there_is_no_ap() -> None:
    assert tide([truth()], [found((BOX, 0, 0.5))], 1).ap50 is None


def test_equals_an_independent_implementation_on_real_detections(tmp_path: Path) -> None:
    if not REAL_DATA.is_dir():
        pytest.skip("needs the real models and images in ../shared/data, beside the repository")
    dataset = open_dataset(REAL_DATA / "images" / "coco_val" / "instances.json")
    split = dataset.split("validation")
    spec = ModelSpec(
        family="yolox",
        input_width=416,
        input_height=416,
        labels=dataset.labels,
        strides=(8, 16, 32),
        **FAMILIES.get("yolox").conventions,
    )
    made = predict(REAL_DATA / "models" / "yolox_nano.onnx", spec, split, Store(tmp_path / "store"))
    predictions = [each for each in made if isinstance(each, Detections)]
    truths = []
    for index in range(len(split)):
        target = split.target(index)
        assert isinstance(target, Annotations)
        plain = ~target.crowd  # the other implementation lets boxes overlap crowds
        truths.append(
            Annotations(target.boxes[plain], target.classes[plain], target.crowd[plain], target.area[plain])
        )
    classes = len(dataset.labels)
    told = tide(truths, predictions, classes)
    assert_equal(told, judged(truths, predictions, classes, tmp_path))
    assert min(told.counts.values()) > 100
