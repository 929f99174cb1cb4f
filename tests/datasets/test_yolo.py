"""YOLO folders, with and without data.yaml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeslim.datasets import open_dataset
from edgeslim.datasets.base import Dataset
from edgeslim.detections import Annotations
from edgeslim.errors import DatasetError

Write = Callable[..., None]


def ids(dataset: Dataset) -> dict[str, list[str]]:
    splits = {name: dataset.split(name) for name in dataset.splits}
    return {name: [split.image_id(i) for i in range(len(split))] for name, split in splits.items()}


def truth(dataset: Dataset, index: int = 0) -> Annotations:
    target = dataset.split("validation").target(index)
    assert isinstance(target, Annotations)
    return target


def test_normalised_boxes_become_pixels(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path, {"a": "1 0.5 0.5 0.25 0.2\n\n0 0.1 0.1 0.2 0.2\n", "b": ""})
    (tmp_path / "classes.txt").write_text("ant\nzebra\n")
    dataset = open_dataset(tmp_path)
    assert (dataset.name, dataset.labels, dataset.splits) == (
        tmp_path.name,
        ("ant", "zebra"),
        ("validation",),
    )
    assert truth(dataset).boxes.ravel() == pytest.approx([15, 12, 25, 18, 0, 0, 8, 6], abs=1e-5)
    assert truth(dataset).classes.tolist() == [1, 0]
    assert len(truth(dataset, 1)) == 0
    assert ids(dataset) == {"validation": ["images/a.png", "images/b.png"]}


def test_data_yaml_declares_names_and_splits(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path, {"train/a": "0 .5 .5 .2 .2", "train/b": "", "val/c": "1 .5 .5 .2 .2", "test/d": ""})
    text = "path: ../datasets/mine\ntrain: images/train\nval: images/val\ntest: images/test\n"
    (tmp_path / "data.yaml").write_text(text + "names: {0: ant, 1: bee}\n")
    for dataset in (open_dataset(tmp_path), open_dataset(tmp_path / "data.yaml")):
        assert dataset.labels == ("ant", "bee")
        assert ids(dataset)["train"] == ["images/train/a.png", "images/train/b.png"]
        assert ids(dataset)["validation"] == ["images/val/c.png", "images/test/d.png"]
        assert dataset.warnings == ()


def test_data_yaml_with_folders_around_images_and_absent_test(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path, {"train/a": "0 .5 .5 .2 .2", "valid/b": "0 .5 .5 .2 .2"}, split_first=True)
    text = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 1\nnames: ['ant']\n"
    (tmp_path / "data.yaml").write_text(text)
    dataset = open_dataset(tmp_path)
    assert ids(dataset)["train"] == ["train/images/a.png"]
    assert ids(dataset)["validation"] == ["valid/images/b.png"]
    (notice,) = dataset.warnings
    assert (notice.code, notice.values) == ("absent_split", {"split": "test"})


def test_data_yaml_may_list_images_in_text_files(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path, {"a": "0 .5 .5 .2 .2", "b": "0 .5 .5 .2 .2", "c": "0 .5 .5 .2 .2"})
    (tmp_path / "val.txt").write_text("./images/c.png\nimages/a.png\n")
    (tmp_path / "data.yaml").write_text("val: val.txt\nnames: [ant]\n")
    assert ids(open_dataset(tmp_path)) == {"validation": ["images/c.png", "images/a.png"]}
    (tmp_path / "val.txt").write_text("images/a.png\nimages/ghost.png\n")
    with pytest.raises(DatasetError, match=r"Line 2 of .*val\.txt” .* “images/ghost\.png”"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("split_first", [False, True])
def test_folder_names_declare_splits(tmp_path: Path, write_yolo: Write, split_first: bool) -> None:
    labels = {"train/a": "0 .5 .5 .2 .2", "val/b": "0 .5 .5 .2 .2"}
    write_yolo(tmp_path, labels, split_first=split_first)
    dataset = open_dataset(tmp_path)
    assert [len(dataset.split(name)) for name in ("train", "validation")] == [1, 1]
    assert dataset.labels == ("class 0",)
    assert [notice.code for notice in dataset.warnings] == ["classes_without_names"]


def test_images_and_labels_in_one_folder(tmp_path: Path, write_image: Callable[..., Path]) -> None:
    write_image(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("0 .5 .5 .2 .2")
    (tmp_path / "classes.txt").write_text("ant\n")
    assert len(truth(open_dataset(tmp_path))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "0 .5 .5 .2",
        "0 .5 .5 .2 .2 .9",
        "ant .5 .5 .2 .2",
        "-1 .5 .5 .2 .2",
        "0.5 .5 .5 .2 .2",
        "0 nan .5 .2 .2",
    ],
)
def test_malformed_line_is_named_with_file_and_line(tmp_path: Path, write_yolo: Write, line: str) -> None:
    write_yolo(tmp_path, {"a": "0 .5 .5 .2 .2\n" + line})
    with pytest.raises(DatasetError, match=r"Line 2 of .*labels/a\.txt”") as caught:
        open_dataset(tmp_path)
    assert (caught.value.code, caught.value.values["text"]) == ("yolo_line", line)


def test_class_without_a_name_is_refused_by_line(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path, {"a": "3 .5 .5 .2 .2"})
    (tmp_path / "classes.txt").write_text("ant\nbee\n")
    with pytest.raises(DatasetError, match="class 3, but only 2 classes") as caught:
        open_dataset(tmp_path)
    assert caught.value.code == "yolo_class"


def test_polygon_gives_its_bounding_box(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path, {"a": "0 .25 .5 .5 .1 .75 .5 .5 .9"})
    assert truth(open_dataset(tmp_path)).boxes[0] == pytest.approx([10, 3, 30, 27])


def test_unsound_boxes_are_repaired_with_their_line(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path, {"a": "0 .5 .5 .2 .2\n0 .9 .5 .4 .2\n0 .5 .5 0 .2"})
    dataset = open_dataset(tmp_path)
    assert truth(dataset).boxes[1] == pytest.approx([28, 12, 40, 18])
    found = {notice.code: str(notice.values.get("first")) for notice in dataset.warnings}
    assert found["clipped_boxes"].startswith("line 2 of")
    assert found["zero_area_boxes"].startswith("line 3 of")


def test_images_without_label_files_count_as_empty(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path, {"a": "0 .5 .5 .2 .2", "b": None})
    (tmp_path / "classes.txt").write_text("ant\n")
    dataset = open_dataset(tmp_path)
    assert len(truth(dataset, 1)) == 0
    (notice,) = dataset.warnings
    assert (notice.code, notice.values["count"]) == ("images_without_labels", 1)


def test_dataset_without_any_labels_is_for_fidelity_only(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path, {"a": None, "b": None})
    (tmp_path / "labels").mkdir()
    (tmp_path / "classes.txt").write_text("ant\n")
    dataset = open_dataset(tmp_path)
    assert not dataset.has_labels
    assert [notice.code for notice in dataset.warnings] == ["no_annotations"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("names: [a", "not valid YAML"),
        ("names", "it has no keys"),
        ("val: images\nnames: 3", "'names' is not a list"),
        ("val: images\nnames: {0: a, 2: b}", "'names' is not a list"),
        ("val: images\nnames: {0: person, x: y}", "'names' is not a list"),
        ("val: images\nnames: [[a], b]", "'names' is not a list"),
        ("val: 5\nnames: [a]", "'5' is not a path"),
        ("val: [[a]]\nnames: [a]", "a list is not a path"),
        ("path: {a: b}\nnames: [a]", "a dict is not a path"),
        ("val: 2001-99-99\nnames: [a]", "not valid YAML"),
        ('val: images\nnames: ["\\ud800"]', "half a surrogate pair"),
        ("val: !!python/object/apply:os.system ['true']\nnames: [a]", "not valid YAML"),
    ],
)
def test_unsound_data_yaml_is_named(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(DatasetError, match=rf"data\.yaml” cannot be used: .*{reason}") as caught:
        open_dataset(tmp_path / "data.yaml")
    assert caught.value.code == "broken_data_yaml"


def test_paths_never_lead_out_of_the_dataset(tmp_path: Path, write_yolo: Write) -> None:
    write_yolo(tmp_path / "secret", {"a": "0 .5 .5 .2 .2"})
    inner = tmp_path / "inner"
    inner.mkdir()
    for path in ("../secret/images", str(tmp_path / "secret" / "images")):
        (inner / "data.yaml").write_text(f"val: {path}\nnames: [ant]\n")
        with pytest.raises(DatasetError) as caught:
            open_dataset(inner)
        assert caught.value.code == "no_images"
