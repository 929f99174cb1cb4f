"""Real annotation files that nobody here wrote, against counts that are known for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.datasets import any_images, open_dataset
from edgeslim.datasets.base import Dataset, Split
from edgeslim.detections import Annotations


def truths(split: Split) -> list[Annotations]:
    targets = [split.target(i) for i in range(len(split))]
    return [target for target in targets if isinstance(target, Annotations)]


def boxes(dataset: Dataset, *splits: str) -> int:
    return sum(len(target) for name in splits for target in truths(dataset.split(name)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("folder", "images", "count", "crowds", "first"),
    [("coco_val", 57, 517, 7, "5001"), ("coco_calibration", 80, 770, 9, "30")],
)
def test_coco_subsets(real_data: Path, folder: str, images: int, count: int, crowds: int, first: str) -> None:
    dataset = open_dataset(real_data / folder / "instances.json")
    split = any_images(dataset)
    assert (dataset.name, len(dataset.labels)) == (folder, 80)
    assert [notice.code for notice in dataset.warnings] == ([] if folder == "coco_val" else ["divided"])
    assert (dataset.labels[0], dataset.labels[79]) == ("person", "toothbrush")
    assert (len(split), sum(map(len, truths(split)))) == (images, count)
    assert sum(int(target.crowd.sum()) for target in truths(split)) == crowds
    assert split.image_id(0) == first
    sizes = [split.image(i).shape[:2] for i in range(len(split))]
    for (height, width), target in zip(sizes, truths(split), strict=True):
        assert (target.boxes[:, 2:] <= (width + 0.01, height + 0.01)).all()


def test_blood_cells_as_coco(real_data: Path) -> None:
    dataset = open_dataset(real_data / "bccd" / "instances.json")
    assert {name: len(dataset.split(name)) for name in dataset.splits} == {
        "train": 205,
        "calibration": 128,
        "validation": 159,
    }
    assert boxes(dataset, "train", "validation") == 4886
    assert dataset.labels == ("Platelets", "RBC", "WBC")


def test_blood_cells_as_voc(real_data: Path) -> None:
    dataset = open_dataset(real_data / "bccd" / "annotations")
    assert (dataset.name, dataset.labels) == ("bccd", ("Platelets", "RBC", "WBC"))
    assert {name: len(dataset.split(name)) for name in dataset.splits} == {
        "train": 205,
        "calibration": 128,
        "validation": 159,
    }
    assert boxes(dataset, "train", "validation") == 4886
    (notice,) = dataset.warnings
    assert (notice.code, notice.values["count"]) == ("zero_area_boxes", 2)


def test_blood_cells_are_the_same_in_both_formats(real_data: Path) -> None:
    voc = open_dataset(real_data / "bccd" / "annotations").split("validation")
    coco = open_dataset(real_data / "bccd" / "instances.json").split("validation")
    assert isinstance(voc.image_id(0), str)
    number = next(i for i in range(len(coco)) if (coco.image(i) == voc.image(0)).all())
    mine, theirs = truths(voc)[0], truths(coco)[number]
    assert mine.boxes.tolist() == theirs.boxes.tolist()
    assert mine.classes.tolist() == theirs.classes.tolist()


def test_blood_cell_folder_says_that_it_has_two_formats(real_data: Path) -> None:
    dataset = open_dataset(real_data / "bccd")
    assert [notice.code for notice in dataset.warnings] == ["several_formats"]
    assert len(dataset.split("validation")) == 159, "as its ImageSets say"
