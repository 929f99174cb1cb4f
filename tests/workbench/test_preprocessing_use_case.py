"""A file that wants its images prepared otherwise comes in right, or as a question; a score of nothing names suspects."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.datasets.street_signs.dataset import PLANS, load
from edgeslim.datasets.street_signs.signs import CLASSES
from edgeslim.errors import ModelError
from edgeslim.measurement.preprocessing import TriedPreprocessing, Way
from edgeslim.measurement.workload import open_workload
from edgeslim.models.catalogue import open_sample
from edgeslim.progress import silent
from edgeslim.records import RecipeRecord
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench import preprocessing as use_case
from fed_otherwise import fed_otherwise, saved

IMAGES = 12
SAMPLE = open_sample("street-signs-small")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Path]:
    """A store, and scenes with labels as a COCO file, whose classes are named like the model's outputs."""
    root = tmp_path_factory.mktemp("scenes")
    store = Store(root / "store")
    packed = load(store, "gallery", PLANS["gallery"], silent)
    images, annotations = [], []
    for index in range(IMAGES):
        (root / f"{index}.jpg").write_bytes(packed.jpeg(index))
        with PIL.Image.open(root / f"{index}.jpg") as picture:
            width, height = picture.size
        images.append({"id": index, "file_name": f"{index}.jpg", "width": width, "height": height})
        for (x1, y1, x2, y2), label in zip(*(each.tolist() for each in packed.labels(index)), strict=True):
            box = [x1, y1, x2 - x1, y2 - y1]
            more = {"area": box[2] * box[3], "iscrowd": 0}
            annotations.append(
                {"id": len(annotations) + 1, "image_id": index, "category_id": label, "bbox": box, **more}
            )
    categories = [{"id": index, "name": name} for index, name in enumerate(CLASSES)]
    told = {"images": images, "annotations": annotations, "categories": categories}
    (root / "instances.json").write_text(json.dumps(told))
    return store, root / "instances.json"


@pytest.fixture
def swapped(tmp_path: Path) -> Path:
    """The sample, for blue, green, red in bytes."""
    return saved(fed_otherwise(SAMPLE.path.read_bytes(), bgr=True, std=1 / 255), tmp_path / "swapped.onnx")


def test_a_file_without_a_specification_is_measured_as_it_wants_to_be_fed(
    world: tuple[Store, Path], swapped: Path, own_machine: None
) -> None:
    store, data = world
    trial = workbench.evaluate_model(swapped, data, store=store)
    assert trial.accuracy is not None and trial.accuracy["mAP"] > 0.5
    (told,) = (notice for notice in trial.told if notice.code.startswith("preprocessing"))
    assert told.code == "preprocessing_found"
    assert "BGR, scale 1, mean 0, std 1" in str(told.values["way"])
    assert float(told.values["score"]) > float(told.values["other"]) > 0
    assert "scores_nothing" not in [notice.code for notice in trial.notices]


def test_a_file_that_was_made_here_is_read_as_the_model_it_was_made_from(
    world: tuple[Store, Path], tmp_path: Path, own_machine: None
) -> None:
    """The model knows its classes by names that no file holds, in an order of its own; and so its compressed files."""
    store, data = world
    labels = (*SAMPLE.spec.labels[1:], SAMPLE.spec.labels[0])
    model = store.path(store.put(SAMPLE.path.read_bytes()))
    (made,) = workbench.compress(
        model,
        data,
        [workbench.read_recipe({"steps": [{"step": "float16"}]})],
        tmp_path,
        spec=replace(SAMPLE.spec, labels=labels, max_detections=3),
        store=store,
    )
    assert made.file is not None and made.accuracy is not None
    again = workbench.evaluate_model(made.file, data, store=store)
    assert again.accuracy is not None and again.accuracy["mAP"] == made.accuracy["mAP"]
    (told,) = (notice for notice in again.told if notice.code == "made_from")
    assert told.values == {"model": model.stem}
    Path(made.file).write_bytes(SAMPLE.path.read_bytes())  # another file: nothing is known of it
    assert "made_from" not in [
        each.code for each in use_case.settled_spec(made.file, data, None, store, silent)[1]
    ]


def test_an_imported_file_keeps_the_way_that_was_found(world: tuple[Store, Path], swapped: Path) -> None:
    store, data = world
    found = workbench.import_model(swapped, name="mine", dataset=data, store=store)
    assert (found.spec.color, found.spec.scale) == ("BGR", 1.0)
    assert [notice.code for notice in found.told] == ["preprocessing_found"]
    assert workbench.model_spec("mine", store=store) == found.spec


def test_a_score_of_nothing_names_preprocessing_and_classes() -> None:
    original = TrialResult(
        number=0,
        state="complete",
        recipe=RecipeRecord(),
        title="original",
        recipe_fingerprint="",
        model="m",
        accuracy={"mAP": 0.004},
    )
    (notice,) = original.notices
    assert notice.code == "scores_nothing"
    assert "colour order" in str(notice) and "order of the classes" in str(notice)
    assert replace(original, accuracy={"mAP": 0.02}).notices == ()
    pruned = RecipeRecord(({"step": "magnitude_pruning"},))
    assert replace(original, recipe=pruned).notices == ()


def test_what_cannot_be_told_is_a_question_that_names_the_ways(
    world: tuple[Store, Path], swapped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, data = world
    ways = tuple(
        Way(spec, False, score, 0.3 - score, interval, 0.5, interval is not None and interval[0] > 0)
        for spec, score, interval in (
            (SAMPLE.spec, 0.3, None),
            (workbench.checked_spec(SAMPLE.spec.to_json() | {"color": "BGR"}), 0.29, (-0.1, 0.1)),
            (workbench.checked_spec(SAMPLE.spec.to_json() | {"scale": 1.0}), 0.2, (0.05, 0.15)),
        )
    )
    found = TriedPreprocessing("mAP", 20, ways, "unclear", None)
    monkeypatch.setattr(use_case, "try_preprocessing", lambda *a, **k: found)
    with pytest.raises(ModelError) as caught:
        use_case.settled_spec(swapped, data, None, store, silent)
    assert caught.value.code == "preprocessing_unclear"
    assert "RGB, scale 0.003922" in str(caught.value) and "BGR, scale 0.003922" in str(caught.value)
    assert "scale 1," not in str(caught.value.values["ways"])
    given = json.loads(str(caught.value.values["spec"]))
    assert workbench.checked_spec(given).color == "RGB"


def test_few_images_settle_nothing(world: tuple[Store, Path], swapped: Path, tmp_path: Path) -> None:
    store, _ = world
    for index in range(3):
        PIL.Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save(tmp_path / f"{index}.png")
    spec, told = use_case.settled_spec(swapped, tmp_path, None, store, silent)
    assert (spec, told) == (None, [])


def test_a_score_of_nothing_is_looked_into(world: tuple[Store, Path], swapped: Path) -> None:
    """Classes in another order; images prepared otherwise."""
    store, data = world
    labels = (*SAMPLE.spec.labels[5:], *SAMPLE.spec.labels[:5])
    for path, given, code in (
        (SAMPLE.path, replace(SAMPLE.spec, labels=labels), "classes_suspected"),
        (swapped, SAMPLE.spec, "preprocessing_suspected"),
    ):
        work = open_workload(str(path), str(data), store, spec=given)
        made = store.put(work.model.path.read_bytes())
        (notice,) = use_case.suspicions(made, work, data, store, silent)
        assert notice.code == code
        assert float(notice.values["score"]) > 40
