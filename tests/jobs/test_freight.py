"""What a trial on another machine needs arrives there as it is here, whatever the data are kept as."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from compression.artifacts.store import Store
from compression.datasets import open_dataset
from compression.jobs import freight as freights
from compression.jobs.freight import Freight, freight
from compression.jobs.schedule import Task
from compression.jobs.trial import Job, perform
from compression.models.library import open_model
from compression.progress import silent
from compression.recipe import Recipe
from compression.search.study import StudyPlan


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """An annotation file whose images lie in a folder beside its own."""
    folder = tmp_path / "street"
    (folder / "annotations").mkdir(parents=True)
    (folder / "images").mkdir()
    (folder / "unrelated.txt").write_text("not of the dataset")
    for index in range(3):
        picture = np.full((8, 8, 3), 40 * index, np.uint8)
        PIL.Image.fromarray(picture).save(folder / "images" / f"{index}.png")
    images = [{"id": i, "file_name": f"{i}.png", "width": 8, "height": 8} for i in range(3)]
    boxes = [{"id": 1, "image_id": 0, "category_id": 1, "bbox": [1, 1, 4, 4], "area": 16, "iscrowd": 0}]
    file = folder / "annotations" / "instances_val.json"
    file.write_text(
        json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "sign"}]})
    )
    return file


def plan(model: Path, dataset: object) -> StudyPlan:
    return StudyPlan(
        name="s", model=str(model), model_name="linear", dataset=str(dataset), dataset_name="d", created=""
    )


def arrived(sent: Freight, folder: Path) -> tuple[Store, StudyPlan]:
    there = Store(folder)
    sent.parcel.unpack(there)
    return there, sent.plan_in(there)


def test_model_and_annotated_images_are_the_same_elsewhere(tmp_path, digits_file, coco):
    here = Store(tmp_path / "here")
    there, received = arrived(freight(plan(digits_file, coco), here), tmp_path / "there")
    before, after = open_model(digits_file, here), open_model(received.model, there)
    assert (after.sha256, after.spec) == (before.sha256, before.spec)
    assert Path(received.dataset).is_relative_to(there.root)
    splits = [open_dataset(each, here).split("validation") for each in (coco, received.dataset)]
    assert splits[0].fingerprint == splits[1].fingerprint
    assert np.array_equal(splits[0].image(2), splits[1].image(2))
    assert not list(there.root.rglob("unrelated.txt"))


def test_folders_keep_their_names_and_zips_go_as_they_are(tmp_path, digits_file, coco):
    here, images = Store(tmp_path / "here"), coco.parents[1] / "images"
    archive = tmp_path / "brought.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for image in sorted(images.iterdir()):
            file.write(image, image.name)
    (tmp_path / "private.txt").write_text("beside the zip")
    for index, reference in enumerate((images, archive)):
        there, received = arrived(freight(plan(digits_file, reference), here), tmp_path / f"there{index}")
        found, known = open_dataset(received.dataset, there), open_dataset(reference, here)
        assert Path(received.dataset).name == reference.name
        assert found.split("validation").fingerprint == known.split("validation").fingerprint
        assert not list(there.root.rglob("private.txt"))


def test_large_data_and_built_in_ones_are_not_sent(tmp_path, digits_file, coco, monkeypatch):
    monkeypatch.setattr(freights, "MOST", 100)
    for reference in (coco, "digits"):
        sent = freight(plan(digits_file, reference), Store(tmp_path / "here"))
        assert sent.plan_in(Store(tmp_path / "there")).dataset == str(reference)
        assert {place.split("/")[0] for place in sent.parcel.files} == {"blobs", "models"}


def test_other_images_than_the_study_was_prepared_with_are_refused(tmp_path, digits_file, coco):
    store = Store(tmp_path / "here")
    job = Job(
        store.root, plan(digits_file, coco.parents[1] / "images"), 1, task=Task(0, Recipe(), evaluate=True)
    )
    outcome = perform(dataclasses.replace(job, images="another fingerprint"), silent)
    assert outcome.error is not None
    assert (outcome.error["code"], outcome.stops_study) == ("other_images", False)
