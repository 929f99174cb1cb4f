"""Datasets that declare no splits are divided by their images' names, for good; declared ones are left alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgeslim.datasets import any_images, open_dataset, undivided
from edgeslim.datasets.base import Dataset, SplitName
from edgeslim.datasets.division import ENOUGH, FEWEST, SHARE, division


def coco_folder(root: Path, count: int, *, name: str = "instances.json") -> Path:
    """A COCO file of that many tiny images with a box each."""
    root.mkdir(parents=True)
    names = [f"image_{index:03}.png" for index in range(count)]
    for each in names:
        Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(root / each)
    images = [{"id": index, "file_name": each, "width": 16, "height": 16} for index, each in enumerate(names)]
    boxes = [
        {"id": index, "image_id": index, "category_id": 1, "bbox": [2, 2, 6, 6], "area": 36, "iscrowd": 0}
        for index in range(count)
    ]
    (root / name).write_text(
        json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "cell"}]})
    )
    return root


def ids(dataset: Dataset, split: SplitName) -> set[str]:
    part = dataset.split(split)
    return {part.image_id(place) for place in range(len(part))}


def test_an_images_part_depends_on_its_name_alone_and_stays_when_images_are_added() -> None:
    names = [f"picture{number}" for number in range(900)]
    few, many = division(names[:300]), division(names)
    assert few is not None and many is not None
    assert abs(len(many.validation) / 900 - SHARE) < 0.04
    taught_before = {names[place] for place in few.taught}
    assert taught_before <= {names[place] for place in many.taught}, "never trained on, then scored on"
    other = division(names, seed=1)
    assert other is not None and other.validation != many.validation


@pytest.mark.parametrize("count", [FEWEST - 1, FEWEST, 60, 4 * ENOUGH])
def test_small_datasets_keep_enough_to_score_on(count: int) -> None:
    found = division([f"{number:05}" for number in range(count)])
    assert (found is None) == (count < FEWEST)
    if found is not None:
        assert sorted((*found.taught, *found.validation)) == list(range(count))
        assert len(found.validation) > 0.2 * min(count, 2 * ENOUGH)


def test_every_use_gets_the_same_division_and_is_told(tmp_path: Path) -> None:
    folder = coco_folder(tmp_path / "cells", 40)
    first, again = open_dataset(folder), open_dataset(folder)
    assert first.splits == ("train", "calibration", "validation")
    assert ids(first, "validation") == ids(again, "validation")
    assert not ids(first, "train") & ids(first, "validation")
    assert len(ids(first, "train") | ids(first, "validation")) == 40
    (notice,) = first.warnings
    assert (notice.code, notice.values["validation"]) == ("divided", len(ids(first, "validation")))
    assert len(any_images(first)) == 40, "all of it calibrates another dataset's study"
    whole = undivided(first)
    assert (whole.splits, len(whole.split("validation")), whole.warnings) == (("validation",), 40, ())


def test_a_file_for_validation_by_its_name_is_not_divided(tmp_path: Path) -> None:
    for folder, name in (("a", "instances_val2017.json"), ("coco_val", "instances.json")):
        dataset = open_dataset(coco_folder(tmp_path / folder, 30, name=name))
        assert (dataset.splits, len(dataset.split("validation"))) == (("validation",), 30)


def test_image_sets_beside_a_coco_file_declare_its_splits(tmp_path: Path) -> None:
    folder = coco_folder(tmp_path / "cells", 30)
    sets = folder / "ImageSets"
    sets.mkdir()
    (sets / "train.txt").write_text("\n".join(f"image_{number:03}" for number in range(20)))
    (sets / "val.txt").write_text("\n".join(f"image_{number:03}" for number in range(20, 27)))
    dataset = open_dataset(folder)
    assert ids(dataset, "train") == {str(number) for number in range(20)}
    assert ids(dataset, "validation") == {str(number) for number in range(20, 27)}
    assert dataset.warnings == ()
