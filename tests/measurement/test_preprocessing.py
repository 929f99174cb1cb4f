"""How images are to be prepared is found by trying, with labels and without; what cannot be told is a question."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.datasets.base import Subset
from edgeslim.measurement.preprocessing import TriedPreprocessing, try_ways
from edgeslim.models.base import Model
from edgeslim.models.catalogue import open_sample
from fed_otherwise import fed_otherwise, saved

SAMPLE = open_sample("street-signs-small")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store in which the pictures, once drawn, stay."""
    return Store(tmp_path_factory.mktemp("scenes"))


def tried(
    scenes: Store, path: Path | None = None, labels: bool = True, strange: bool = False, **spec: object
) -> TriedPreprocessing:
    """What is found of the sample, or of the file, fed by default as the family's models are."""
    given = {"resize": "stretch", "labels": SAMPLE.spec.labels, "input_width": 288, "input_height": 192}
    model = Model(
        "it",
        path or SAMPLE.path,
        str(path),
        dataclasses.replace(SAMPLE.spec, **{**given, **spec}),
        "test",
    )
    split = Subset(open_dataset("street-signs", scenes).split("gallery"), 16)
    known = SAMPLE.spec.labels if labels else None
    return try_ways(model, split, known, scenes, images=16, strange=strange)


def test_the_right_way_is_confirmed_and_said_to_beat_the_others(scenes: Store) -> None:
    found = tried(scenes)
    assert (found.verdict, found.measure, found.images, found.chosen) == ("confirmed", "mAP", 16, SAMPLE.spec)
    best = found.ways[0]
    assert best.score > 0.6
    assert sum(way.best_share for way in found.ways) == pytest.approx(1)
    other = next(way for way in found.ways if way.spec.color == "BGR" and way.spec.scale == 1 / 255)
    assert other.clearly_worse and other.behind > 0.2


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"bgr": True}, ("BGR", 1 / 255, (0.0, 0.0, 0.0))),
        ({"std": 1 / 255}, ("RGB", 1.0, (0.0, 0.0, 0.0))),
        ({"mean": MEAN, "std": STD}, ("RGB", 1 / 255, MEAN)),
    ],
)
def test_another_way_is_found_with_labels_and_without(
    scenes: Store, tmp_path: Path, changed: dict, expected: tuple, labels: bool
) -> None:
    path = saved(fed_otherwise(SAMPLE.path.read_bytes(), **changed), tmp_path / "m.onnx")
    found = tried(scenes, path, labels)
    assert found.verdict == "found"
    assert found.measure == ("mAP" if labels else "certainty")
    assert found.chosen is not None
    assert (found.chosen.color, found.chosen.scale, found.chosen.mean) == expected


def test_on_strange_pictures_a_doubt_is_a_question(scenes: Store, tmp_path: Path) -> None:
    """What is found on pictures of what the model knows: there a rival is clearly worse by less than half."""
    swapped = saved(fed_otherwise(SAMPLE.path.read_bytes(), bgr=True), tmp_path / "swapped.onnx")
    assert tried(scenes, swapped, labels=False).verdict == "found"
    found = tried(scenes, swapped, labels=False, strange=True)
    assert (found.verdict, found.chosen) == ("unclear", None)
    assert {way.spec.color for way in found.rivals} == {"BGR"}
    assert len(found.rivals) > 1
