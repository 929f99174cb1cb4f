"""Pascal VOC folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeslim.datasets import open_dataset
from edgeslim.detections import Annotations
from edgeslim.errors import DatasetError

Write = Callable[..., Path]


def declare(root: Path, **splits: str) -> None:
    (root / "ImageSets" / "Main").mkdir(parents=True)
    for name, members in splits.items():
        (root / "ImageSets" / "Main" / f"{name}.txt").write_text("\n".join(members.split()) + "\n")


def test_boxes_are_read_as_written_and_labels_sorted(tmp_path: Path, write_voc: Write) -> None:
    write_voc(tmp_path, "b", [("zebra", 0, (1, 2, 11, 7)), ("ant", 1, (0, 0, 40, 30))])
    write_voc(tmp_path, "a", [])
    dataset = open_dataset(tmp_path)
    split = dataset.split("validation")
    assert (dataset.name, dataset.labels) == (tmp_path.name, ("ant", "zebra"))
    assert [split.image_id(i) for i in range(2)] == ["a", "b"]
    target = split.target(1)
    assert isinstance(target, Annotations)
    assert target.boxes.tolist() == [[1, 2, 11, 7], [0, 0, 40, 30]]
    assert target.classes.tolist() == [1, 0]
    assert target.crowd.tolist() == [False, True]
    assert target.area.tolist() == [50, 1200]


def test_image_sets_become_splits(tmp_path: Path, write_voc: Write) -> None:
    for stem in "abcdef":
        write_voc(tmp_path, stem, [("ant", 0, (1, 1, 5, 5))])
    declare(tmp_path, train="a b", val="c", test="d e", trainval="a b c")
    dataset = open_dataset(tmp_path)
    ids = {
        name: [s.image_id(i) for i in range(len(s))] for name in dataset.splits if (s := dataset.split(name))
    }
    assert ids["train"] == ["a", "b"]
    assert sorted(ids["calibration"]) == ["a", "b"]
    assert ids["validation"] == ["c", "d", "e"]
    assert dataset.warnings == ()


def test_trainval_is_train_where_only_test_is_declared(tmp_path: Path, write_voc: Write) -> None:
    for stem in "abc":
        write_voc(tmp_path, stem, [("ant", 0, (1, 1, 5, 5))])
    declare(tmp_path, trainval="a b", test="c")
    dataset = open_dataset(tmp_path)
    assert [len(dataset.split(name)) for name in ("train", "validation")] == [2, 1]


def test_images_in_both_splits_are_told(tmp_path: Path, write_voc: Write) -> None:
    for stem in "ab":
        write_voc(tmp_path, stem, [("ant", 0, (1, 1, 5, 5))])
    declare(tmp_path, train="a b", val="b")
    (notice,) = open_dataset(tmp_path).warnings
    assert (notice.code, notice.values["count"]) == ("splits_overlap", 1)


def test_listed_image_without_annotation_is_named(tmp_path: Path, write_voc: Write) -> None:
    write_voc(tmp_path, "a", [("ant", 0, (1, 1, 5, 5))])
    declare(tmp_path, val="a ghost")
    with pytest.raises(DatasetError, match=r"no annotation “ghost\.xml”") as caught:
        open_dataset(tmp_path)
    assert caught.value.code == "missing_annotation"


def test_zero_size_boxes_are_dropped_by_name(tmp_path: Path, write_voc: Write) -> None:
    write_voc(tmp_path, "a", [("ant", 0, (1, 1, 5, 5)), ("ant", 0, (7, 7, 7, 7))])
    dataset = open_dataset(tmp_path)
    assert len(dataset.split("validation").target(0)) == 1
    (notice,) = dataset.warnings
    assert notice.code == "zero_area_boxes"
    assert str(notice.values["first"]).startswith("object 2 of ")


def test_missing_image_is_named(tmp_path: Path, write_voc: Write) -> None:
    write_voc(tmp_path, "a", [("ant", 0, (1, 1, 5, 5))])
    write_voc(tmp_path, "b", [("ant", 0, (1, 1, 5, 5))])
    (tmp_path / "JPEGImages" / "b.png").unlink()
    with pytest.raises(DatasetError, match=r"1 of the 2 images .* the first is “b\.png”"):
        open_dataset(tmp_path)


def test_stale_file_name_falls_back_to_the_name_of_the_xml(tmp_path: Path, write_voc: Write) -> None:
    path = write_voc(tmp_path, "a", [("ant", 0, (1, 1, 5, 5))])
    path.write_text(path.read_text().replace("a.png", "/home/somebody/IMG_1.jpg"))
    assert open_dataset(tmp_path).split("validation").image(0).shape == (30, 40, 3)


BOMB = (
    '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]><annotation><filename>&z;</filename></annotation>'
)
OUTSIDE = (
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>'
)


@pytest.mark.parametrize("content", ["", "<annotation><object>", "no xml", BOMB, OUTSIDE])
def test_unsound_xml_is_named(tmp_path: Path, write_voc: Write, content: str) -> None:
    write_voc(tmp_path, "a", []).write_text(content)
    with pytest.raises(DatasetError, match=r"a\.xml” is not valid XML") as caught:
        open_dataset(tmp_path)
    assert caught.value.code == "broken_xml"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("<xmin>1</xmin>", "", "xmin"), (">9</ymax>", ">nine</ymax>", "ymax"), ("<name>ant</name>", "", "name")],
)
def test_unsound_object_is_named(tmp_path: Path, write_voc: Write, old: str, new: str, field: str) -> None:
    path = write_voc(tmp_path, "a", [("ant", 0, (1, 1, 9, 9))])
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DatasetError, match=rf"Object 1 of .*a\.xml” has no valid “{field}”"):
        open_dataset(tmp_path)
