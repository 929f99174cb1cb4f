"""What a trial on another machine needs arrives there as it is here, whatever the data are kept as."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.jobs import transfer as freights
from edgeslim.jobs.job import Job, perform
from edgeslim.jobs.transfer import TransferBundle, received, transfer_bundle
from edgeslim.models.library import open_model
from edgeslim.progress import silent
from edgeslim.recipe import Recipe
from edgeslim.studies.study import StudyPlan
from edgeslim.studies.task import TrialTask


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


def arrived(sent: TransferBundle, folder: Path) -> tuple[Store, StudyPlan]:
    there = Store(folder)
    sent.bundle.unpack(there)
    return there, sent.plan_in(there)


def test_model_and_annotated_images_are_the_same_elsewhere(tmp_path, digits_file, coco):
    here = Store(tmp_path / "here")
    sent = transfer_bundle(plan(digits_file, coco), here)
    there, planned = arrived(sent, tmp_path / "there")
    before, after = open_model(digits_file, here), received(sent.model, there)
    assert (after.name, after.sha256, after.spec) == (before.name, before.sha256, before.spec)
    assert after.path.is_relative_to(there.root)
    assert after.path.read_bytes() == before.path.read_bytes()
    assert Path(planned.dataset).is_relative_to(there.root)
    splits = [open_dataset(each, here).split("validation") for each in (coco, planned.dataset)]
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
    (images / ".private.txt").write_text("hidden in the folder")
    for index, reference in enumerate((images, archive)):
        there, planned = arrived(
            transfer_bundle(plan(digits_file, reference), here), tmp_path / f"there{index}"
        )
        found, known = open_dataset(planned.dataset, there), open_dataset(reference, here)
        assert Path(planned.dataset).name == reference.name
        assert found.split("validation").fingerprint == known.split("validation").fingerprint
        assert not list(there.root.rglob("*private.txt"))


@pytest.mark.parametrize("listed", [False, True])
def test_of_a_yolo_folder_only_what_its_yaml_speaks_of_is_sent(tmp_path, digits_file, listed):
    folder = tmp_path / "home"
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True)
        for index in range(2):
            picture = np.full((8, 8, 3), 40 * index, np.uint8)
            PIL.Image.fromarray(picture).save(folder / "images" / split / f"{index}.png")
        (folder / "labels" / split / "0.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    for private in (
        ".ssh/id_rsa",
        "letters/diary.txt",
        "images/val/.hidden.png",
        "photo.png",
        "labels/train/notes.txt",
    ):
        (folder / private).parent.mkdir(exist_ok=True)
        (folder / private).write_text("private")
    known = {f"images/{split}/{index}.png" for split in ("train", "val") for index in range(2)}
    known |= {"data.yaml", "labels/train/0.txt", "labels/val/0.txt"}
    train = "images/train"
    if listed:
        train = "train.txt"
        (folder / train).write_text("images/train/0.png\nimages/train/1.png\n")
        known.add(train)
    file = folder / "data.yaml"
    file.write_text(json.dumps({"names": ["sign"], "train": train, "val": "images/val"}))
    here = Store(tmp_path / "here")
    there, planned = arrived(transfer_bundle(plan(digits_file, file), here), tmp_path / "there")
    root = Path(planned.dataset).parent
    assert {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} == known
    for split in ("train", "validation"):
        before, after = (open_dataset(each, here).split(split) for each in (file, planned.dataset))
        assert before.fingerprint == after.fingerprint
    assert not [place for place in (there.root).rglob("*") if "private" in place.name]


def test_large_data_and_built_in_ones_are_not_sent(tmp_path, digits_file, coco, monkeypatch):
    monkeypatch.setattr(freights, "MOST", 100)
    for reference in (coco, "digits"):
        sent = transfer_bundle(plan(digits_file, reference), Store(tmp_path / "here"))
        assert sent.plan_in(Store(tmp_path / "there")).dataset == str(reference)
        assert {place.split("/")[0] for place in sent.bundle.files} == {"blobs"}


def test_other_images_than_the_study_was_prepared_with_are_refused(tmp_path, digits_file, coco):
    store = Store(tmp_path / "here")
    job = Job(
        store.root,
        plan(digits_file, coco.parents[1] / "images"),
        1,
        task=TrialTask(0, Recipe(), evaluate=True),
    )
    outcome = perform(dataclasses.replace(job, images="another fingerprint"), silent)
    assert outcome.error is not None
    assert (outcome.error.code, outcome.stops_study) == ("other_images", False)
