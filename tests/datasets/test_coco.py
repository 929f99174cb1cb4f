"""COCO JSON: what is kept, what is repaired with a warning, what is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.datasets import open_dataset
from edgeslim.datasets.base import Dataset
from edgeslim.detections import Annotations
from edgeslim.errors import DatasetError

Write = Callable[..., Path]


def truth(dataset: Dataset, index: int = 0) -> Annotations:
    target = dataset.split("validation").target(index)
    assert isinstance(target, Annotations)
    return target


def codes(dataset: Dataset) -> list[str]:
    return [notice.code for notice in dataset.warnings]


def test_labels_follow_category_ids_and_boxes_become_corners(tmp_path: Path, write_coco: Write) -> None:
    dataset = open_dataset(write_coco(tmp_path / "my.json", [(0, 7, (1, 2, 10, 5)), (1, 3, (0, 0, 40, 30))]))
    assert dataset.name == "my"
    assert dataset.labels == ("ant", "zebra")
    assert truth(dataset, 0).boxes.tolist() == [[1, 2, 11, 7]]
    assert truth(dataset, 0).classes.tolist() == [1]
    assert truth(dataset, 0).area.tolist() == [50]
    assert truth(dataset, 1).classes.tolist() == [0]
    assert dataset.split("validation").image_id(1) == "11"
    assert dataset.split("validation").image(1).shape == (30, 40, 3)
    assert (dataset.splits, dataset.has_labels, codes(dataset)) == (("validation",), True, [])


def test_crowd_flag_and_area_are_kept(tmp_path: Path, write_coco: Write) -> None:
    path = write_coco(tmp_path / "my.json", [(0, 7, (1, 2, 10, 5)), (0, 7, (3, 3, 4, 4))])
    record = json.loads(path.read_text())
    record["annotations"][0] |= {"iscrowd": 1, "area": 31.5}
    path.write_text(json.dumps(record))
    assert truth(open_dataset(path)).crowd.tolist() == [True, False]
    assert truth(open_dataset(path)).area.tolist() == [31.5, 16]


def test_boxes_without_area_are_dropped_and_counted(tmp_path: Path, write_coco: Write) -> None:
    boxes = [(0, 7, (1, 2, 10, 5)), (0, 7, (5, 5, 0, 9)), (0, 7, (50, 40, 5, 5)), (1, 3, (2, 2, -3, 4))]
    dataset = open_dataset(write_coco(tmp_path / "my.json", boxes))
    assert [len(truth(dataset, i)) for i in range(2)] == [1, 0]
    (notice,) = dataset.warnings
    assert notice.code == "zero_area_boxes"
    assert notice.values["count"] == 3
    assert "annotation 101 of" in str(notice)


def test_boxes_out_of_the_image_are_clipped_and_counted(tmp_path: Path, write_coco: Write) -> None:
    dataset = open_dataset(write_coco(tmp_path / "my.json", [(0, 7, (-10, 5, 20, 50)), (0, 3, (1, 1, 2, 2))]))
    assert truth(dataset).boxes.tolist() == [[0, 5, 10, 30], [1, 1, 3, 3]]
    assert truth(dataset).area.tolist() == [250, 4]
    (notice,) = dataset.warnings
    assert (notice.code, notice.values["count"]) == ("clipped_boxes", 1)
    assert "annotation 100 of" in str(notice)


def test_boxes_up_to_a_pixel_outside_are_rounding(tmp_path: Path, write_coco: Write) -> None:
    dataset = open_dataset(write_coco(tmp_path / "my.json", [(0, 7, (0.5, 1, 40, 29.9))]))
    assert truth(dataset).boxes[0] == pytest.approx([0.5, 1, 40.5, 30.9])
    assert codes(dataset) == []


def test_unknown_category_is_refused_by_name(tmp_path: Path, write_coco: Write) -> None:
    path = write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5)), (0, 99, (1, 1, 5, 5))])
    with pytest.raises(DatasetError, match=r"annotation 101 .* has the category 99") as caught:
        open_dataset(path)
    assert caught.value.code == "unknown_category"
    assert caught.value.values["category"] == 99


def test_missing_images_are_counted_before_anything_is_computed(tmp_path: Path, write_coco: Write) -> None:
    path = write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5))], images=("a.png", "b.png", "c.png"))
    (tmp_path / "b.png").unlink()
    (tmp_path / "c.png").unlink()
    with pytest.raises(DatasetError, match=r"2 of the 3 images .* missing; the first is “b\.png”") as caught:
        open_dataset(path)
    assert caught.value.code == "missing_images"
    assert (caught.value.values["count"], caught.value.values["total"]) == (2, 3)


def test_file_without_annotations_opens_for_fidelity_only(tmp_path: Path, write_coco: Write) -> None:
    dataset = open_dataset(write_coco(tmp_path / "my.json", []))
    assert not dataset.has_labels
    assert codes(dataset) == ["no_annotations"]
    assert dataset.split("validation").target(0) is None
    assert len(dataset.split("validation")) == 2


def test_broken_image_is_named_on_opening(tmp_path: Path, write_coco: Write) -> None:
    path = write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5))])
    (tmp_path / "b.png").write_bytes(b"no image at all")
    with pytest.raises(DatasetError, match=r"b\.png” cannot be read") as caught:
        open_dataset(path)
    assert caught.value.code == "broken_image"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "broken_json"),
        ('{"images": [{"id": 1,', "broken_json"),
        ("[" * 100_000, "broken_json"),
        ("[1, 2]", "not_coco"),
        ('{"annotations": []}', "not_coco"),
        ('{"images": [{"file_name": "a.png"}]}', "coco_field"),
        ('{"images": [{"id": 1, "file_name": 5}]}', "coco_field"),
        ('{"images": [7]}', "coco_field"),
        ('{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}]}', "duplicate_image"),
        ('{"images": [], "annotations": [], "categories": []}', "no_images"),
    ],
)
def test_unsound_files_are_refused(tmp_path: Path, content: str, code: str) -> None:
    path = tmp_path / "instances.json"
    path.write_text(content)
    with pytest.raises(DatasetError) as caught:
        open_dataset(path)
    assert caught.value.code == code


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "instances.json"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(DatasetError, match="not UTF-8 text") as caught:
        open_dataset(path)
    assert caught.value.code == "unreadable_file"


@pytest.mark.parametrize(
    "box", [None, [1, 2, 3], [1, 2, 3, "4"], [1, 2, float("nan"), 4], [1, 2, float("inf"), 4]]
)
def test_unsound_box_is_named(tmp_path: Path, write_coco: Write, box: Any) -> None:
    path = write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5))])
    record = json.loads(path.read_text())
    record["annotations"][0]["bbox"] = box
    path.write_text(json.dumps(record))
    with pytest.raises(DatasetError, match=r"annotation 100 .* no valid “bbox”"):
        open_dataset(path)


def test_annotations_of_unlisted_images_are_left_out(tmp_path: Path, write_coco: Write) -> None:
    dataset = open_dataset(write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5)), (8, 7, (1, 1, 5, 5))]))
    (notice,) = dataset.warnings
    assert (notice.code, notice.values["count"]) == ("dangling_annotations", 1)


@pytest.mark.parametrize("folder", ["", "images", "../images", "../val2017", "../images/val2017"])
def test_images_are_found_in_the_usual_places(
    tmp_path: Path, write_coco: Write, write_image: Write, folder: str
) -> None:
    path = write_coco(tmp_path / "set" / "annotations" / "instances_val2017.json", [(0, 7, (1, 1, 5, 5))])
    for name in ("a.png", "b.png"):
        (path.parent / name).unlink()
        write_image(path.parent / folder / name, shade=200)
    dataset = open_dataset(path)
    assert dataset.name == "instances_val2017"
    assert (dataset.split("validation").image(1) == 200).all()


@pytest.mark.parametrize("name", ["/elsewhere/photos/a.png", "../../a.png", "val/a.png", "C:\\photos\\a.png"])
def test_file_names_never_lead_out_of_the_dataset(tmp_path: Path, write_coco: Write, name: str) -> None:
    path = write_coco(tmp_path / "x" / "y" / "my.json", [(0, 7, (1, 1, 5, 5))], images=("a.png",))
    record = json.loads(path.read_text())
    record["images"][0]["file_name"] = name
    path.write_text(json.dumps(record))
    assert len(open_dataset(path).split("validation")) == 1
    (path.parent / "a.png").rename(tmp_path / "a.png")
    with pytest.raises(DatasetError, match="1 of the 1 images"):
        open_dataset(path)


def test_train_and_val_files_become_splits(tmp_path: Path, write_coco: Write) -> None:
    names = tuple(f"t{i:03d}.png" for i in range(140))
    write_coco(tmp_path / "instances_train.json", [(i, 7, (1, 1, 5, 5)) for i in range(140)], images=names)
    write_coco(tmp_path / "instances_val.json", [(0, 3, (1, 1, 5, 5))])
    dataset = open_dataset(tmp_path)
    assert dataset.splits == ("train", "calibration", "validation")
    assert [len(dataset.split(name)) for name in dataset.splits] == [140, 128, 2]
    chosen = [dataset.split("calibration").image_id(i) for i in range(128)]
    assert len(set(chosen)) == 128
    assert chosen != sorted(chosen)
    again = open_dataset(tmp_path)
    assert dataset.split("calibration").fingerprint == again.split("calibration").fingerprint


def test_folders_named_by_split_become_splits(tmp_path: Path, write_coco: Write) -> None:
    for split, count in (("train", 3), ("valid", 2), ("test", 1)):
        names = tuple(f"{split}{i}.png" for i in range(count))
        write_coco(tmp_path / split / "_annotations.coco.json", [(0, 7, (1, 1, 5, 5))], images=names)
    dataset = open_dataset(tmp_path)
    assert len(dataset.split("train")) == 3
    validation = dataset.split("validation")
    assert len(validation) == 3
    assert len({validation.image_id(i) for i in range(3)}) == 3


def test_test_images_without_annotations_are_left_out(tmp_path: Path, write_coco: Write) -> None:
    write_coco(tmp_path / "instances_val.json", [(0, 7, (1, 1, 5, 5))])
    write_coco(tmp_path / "instances_test.json", [], images=("c.png",))
    dataset = open_dataset(tmp_path)
    assert len(dataset.split("validation")) == 2
    assert codes(dataset) == ["file_without_annotations"]


def test_files_whose_roles_are_unclear_are_named(tmp_path: Path, write_coco: Write) -> None:
    write_coco(tmp_path / "one.json", [(0, 7, (1, 1, 5, 5))])
    write_coco(tmp_path / "two.json", [(0, 7, (1, 1, 5, 5))])
    with pytest.raises(DatasetError, match=r"one\.json, two\.json") as caught:
        open_dataset(tmp_path)
    assert caught.value.code == "several_annotation_files"


def test_other_json_files_are_ignored(tmp_path: Path, write_coco: Write) -> None:
    write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5))])
    (tmp_path / "sources.json").write_text('{"a": 1}')
    assert open_dataset(tmp_path).name == tmp_path.name


def test_fingerprint_tells_content_apart(tmp_path: Path, write_coco: Write, write_image: Write) -> None:
    path = write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5))])
    first = open_dataset(path).split("validation").fingerprint
    assert open_dataset(path).split("validation").fingerprint == first
    write_coco(path, [(0, 7, (1, 1, 5, 6))])
    moved = open_dataset(path).split("validation").fingerprint
    write_coco(path, [(0, 3, (1, 1, 5, 5))])
    relabelled = open_dataset(path).split("validation").fingerprint
    write_coco(path, [(0, 7, (1, 1, 5, 5))])
    image = tmp_path / "a.png"
    image.write_bytes(image.read_bytes() + b"\0")
    assert len({first, moved, relabelled, open_dataset(path).split("validation").fingerprint}) == 4


def test_missing_split_is_named(tmp_path: Path, write_coco: Write) -> None:
    dataset = open_dataset(write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5))]))
    with pytest.raises(DatasetError, match="“my” has no train split") as caught:
        dataset.split("train")
    assert caught.value.code == "no_split"


def test_size_is_read_from_the_image_if_not_declared(tmp_path: Path, write_coco: Write) -> None:
    path = write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 500, 500))])
    record = json.loads(path.read_text())
    for image in record["images"]:
        del image["width"]
    path.write_text(json.dumps(record))
    assert np.array_equal(truth(open_dataset(path)).boxes, [[1, 1, 40, 30]])
