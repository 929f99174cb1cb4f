"""Folders of images by class: what is a class, what a split, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import PIL.Image
import pytest

from dataset_files import write_image
from edgeslim.artifacts.store import Store
from edgeslim.datasets import open_dataset
from edgeslim.datasets.base import Split
from edgeslim.datasets.image_folders import ImageFolders
from edgeslim.datasets.images import MAX_PIXELS
from edgeslim.errors import DatasetError
from edgeslim.measurement.workload import open_workload
from edgeslim.models.base import Model, ModelSpec


def write(folder: Path, names: Sequence[str]) -> Path:
    """Images of different shades."""
    for number, name in enumerate(names):
        write_image(folder / name, shade=10 + number)
    return folder


def told(split: Split) -> list[tuple[str, object]]:
    return [(split.image_id(index), split.target(index)) for index in range(len(split))]


def test_each_folder_is_a_class_and_everything_is_evaluated(tmp_path: Path) -> None:
    """Images may lie deeper in their class; what is hidden is left out, and a folder without images is no class."""
    folder = write(
        tmp_path / "pets", ["dog/1.jpg", "dog/2.png", "cat/1.jpg", "cat/more/9/2.jpg", ".trash/1.jpg"]
    )
    (folder / "empty").mkdir()
    (folder / "cat" / "notes.txt").write_text("no image")
    dataset = open_dataset(folder)
    assert (dataset.name, dataset.task, dataset.labels) == ("pets", "classification", ("cat", "dog"))
    assert dataset.splits == ("validation",)
    assert told(dataset.split("validation")) == [
        ("cat/1.jpg", 0), ("cat/more/9/2.jpg", 0), ("dog/1.jpg", 1), ("dog/2.png", 1),
    ]  # fmt: skip
    (notice,) = dataset.warnings
    assert (notice.code, notice.values) == ("empty_class_folders", {"count": 1, "names": "empty"})


def test_folders_named_as_splits_hold_the_classes(tmp_path: Path) -> None:
    """A class that has training images alone is still one, at its place among the labels."""
    folder = write(
        tmp_path / "pets",
        ["train/ant/1.png", "train/bee/1.png", "train/cat/1.png", "val/bee/2.png", "val/cat/2.png", "test/bee/3.png",
         "test/cat/3.png"],
    )  # fmt: skip
    dataset = open_dataset(folder)
    assert dataset.labels == ("ant", "bee", "cat")
    assert dataset.splits == ("train", "calibration", "validation")
    assert told(dataset.split("train")) == [
        ("train/ant/1.png", 0), ("train/bee/1.png", 1), ("train/cat/1.png", 2),
    ]  # fmt: skip
    assert {name for name, _ in told(dataset.split("validation"))} == {
        "test/bee/3.png", "test/cat/3.png", "val/bee/2.png", "val/cat/2.png",
    }  # fmt: skip
    assert sorted(told(dataset.split("calibration"))) == told(dataset.split("train"))


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["train/cat/1.png", "train/dog/1.png"], ("cat", "dog")),  # nothing else to evaluate
        (["test/1.png", "trial/1.png"], ("test", "trial")),  # a class that is named as a split
    ],
)
def test_what_is_no_split_is_evaluated(names: list[str], labels: tuple[str, ...], tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "data", names))
    assert (dataset.splits, dataset.labels) == (("validation",), labels)
    assert len(dataset.split("validation")) == 2


@pytest.mark.parametrize(
    "names",
    [
        ["images/1.png", "masks/1.png"],
        ["a/1.png", "labels/1.png"],
        ["1.png", "a/1.png", "b/1.png"],
        ["only/1.png"],
        ["deep/a/1.png", "deep/b/1.png"],
    ],
)
def test_other_layouts_are_not_taken_for_classes(names: list[str], tmp_path: Path) -> None:
    assert not ImageFolders().recognises(write(tmp_path / "data", names))


def test_an_unreadable_and_a_huge_image_are_refused_by_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", ["a/1.png", "b/2.png"])
    (folder / "b" / "2.png").write_bytes(b"\x89PNG cut short")
    with pytest.raises(DatasetError, match=r"2\.png") as caught:
        open_dataset(folder)
    assert caught.value.code == "broken_image"
    PIL.Image.new("1", (MAX_PIXELS // 1000, 1001)).save(folder / "b" / "2.png")
    with pytest.raises(DatasetError, match=r"2\.png") as caught:
        open_dataset(folder)
    assert caught.value.code == "too_many_pixels"


def test_another_class_of_an_image_is_another_dataset(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", ["a/1.png", "a/2.png", "b/3.png"])
    before = open_dataset(folder).split("validation").fingerprint
    shutil.move(folder / "a" / "2.png", folder / "b" / "2.png")
    assert open_dataset(folder).split("validation").fingerprint != before


def test_a_zip_of_one_folder_is_looked_into(tmp_path: Path) -> None:
    write(tmp_path / "data" / "pets", ["cat/1.png", "dog/1.png"])
    zipped = shutil.make_archive(str(tmp_path / "zipped"), "zip", tmp_path / "data", "pets")
    dataset = open_dataset(zipped, Store(tmp_path / "store"))
    assert (dataset.name, dataset.labels) == ("pets", ("cat", "dog"))


def test_classes_meet_a_classifiers_by_name_and_not_a_detectors(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", ["Dog/1.png", "ant/1.png", "cat/1.png"])
    spec = ModelSpec(
        task="classification",
        family="classifier",
        input_width=8,
        input_height=8,
        labels=("cat", "dog", "fox"),
    )
    model = Model("m", tmp_path / "m.onnx", "0" * 64, spec, "imported")
    split = open_workload(model, str(folder), Store(tmp_path / "store")).evaluation
    assert told(split) == [("Dog/1.png", 1), ("ant/1.png", None), ("cat/1.png", 0)]
    with pytest.raises(DatasetError) as caught:
        open_workload("street-signs-small", str(folder), Store(tmp_path / "store"))
    assert caught.value.code == "labels_of_other_task"
