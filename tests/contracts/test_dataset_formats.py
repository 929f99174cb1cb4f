"""What every dataset format owes: it knows its own files, reads them exactly, and refuses broken ones by name."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dataset_files import write_coco, write_image, write_voc, write_yolo
from edgeslim.artifacts.store import Store
from edgeslim.datasets import FORMATS, open_dataset
from edgeslim.datasets.base import Split
from edgeslim.detections import Annotations
from edgeslim.errors import DatasetError
from said import said


def coco(folder: Path) -> Path:
    boxes = [(0, 7, (4, 3, 20, 15)), (0, 3, (0, 0, 10, 6))]
    return write_coco(folder / "my.json", boxes, images=("a.png",))  # type: ignore[arg-type]


def voc(folder: Path) -> Path:
    write_voc(folder, "a", [("zebra", 0, (4, 3, 24, 18)), ("ant", 0, (0, 0, 10, 6))])
    return folder


def yolo(folder: Path) -> Path:
    write_yolo(folder, {"a": "1 .35 .35 .5 .5\n0 .125 .1 .25 .2"})
    (folder / "classes.txt").write_text("ant\nzebra\n")
    return folder


def image_folders(folder: Path) -> Path:
    write_image(folder / "ant" / "a.png")
    write_image(folder / "zebra" / "b.png")
    return folder


WITH_BOXES: dict[str, Callable[[Path], Path]] = {"coco": coco, "voc": voc, "yolo": yolo}
"""Writes one image, 40 × 30, with a zebra and an ant, into a folder; returns what a user would choose."""
EXAMPLES = {**WITH_BOXES, "image_folders": image_folders}
every_format = pytest.mark.parametrize("name", FORMATS.names())
with_boxes = pytest.mark.parametrize("name", WITH_BOXES)


def annotations(folder: Path) -> Path:
    """The file with the example's boxes."""
    texts = [path for path in folder.rglob("*") if path.suffix in (".json", ".xml", ".txt")]
    (file,) = [path for path in texts if path.stem != "classes"]
    return file


@every_format
def test_a_format_recognises_its_own_files_and_no_others(name: str, tmp_path: Path) -> None:
    folders = {other: write(tmp_path / other) for other, write in EXAMPLES.items()}
    assert [other for other, folder in folders.items() if FORMATS.get(name).recognises(folder)] == [name]


@every_format
def test_looking_at_anything_else_never_raises(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"\x00\xff" * 100)
    (tmp_path / "json.json").write_text("[" * 100)
    (tmp_path / "data.yaml").write_text("{")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for place in (*tmp_path.iterdir(), tmp_path, tmp_path / "missing"):
        FORMATS.get(name).recognises(place)


@with_boxes
def test_boxes_classes_and_areas_are_read_exactly(name: str, tmp_path: Path) -> None:
    dataset = open_dataset(EXAMPLES[name](tmp_path / "data"))
    split = dataset.split("validation")
    target = split.target(0)
    assert isinstance(split, Split)
    assert isinstance(target, Annotations)
    assert (len(split), split.image(0).shape) == (1, (30, 40, 3))
    assert dataset.labels == ("ant", "zebra")
    assert np.allclose(target.boxes, [[4, 3, 24, 18], [0, 0, 10, 6]], atol=1e-4)
    assert target.classes.tolist() == [1, 0]
    assert np.allclose(target.area, [300, 60], atol=1e-3)
    assert (target.boxes.dtype, target.classes.dtype, target.crowd.dtype) == (np.float32, np.int64, np.bool_)
    assert dataset.warnings == ()


@every_format
def test_a_split_is_the_same_when_read_again_from_a_zip_and_in_another_process(
    name: str, tmp_path: Path
) -> None:
    chosen = EXAMPLES[name](tmp_path / "data")
    split = open_dataset(chosen).split("validation")
    zipped = shutil.make_archive(str(tmp_path / "zipped"), "zip", tmp_path, "data")
    again = [
        open_dataset(chosen).split("validation"),
        open_dataset(zipped, Store(tmp_path / "store")).split("validation"),
        pickle.loads(pickle.dumps(split)),  # noqa: S301 - our own bytes
    ]
    assert [each.fingerprint for each in again] == [split.fingerprint] * 3
    assert all(np.array_equal(each.image(0), split.image(0)) for each in again)


CHANGES = {
    "coco": (b"[4, 3, 20, 15]", b"[4, 3, 20, 16]"),
    "voc": (b"<ymax>18", b"<ymax>19"),
    "yolo": (b".35 .5", b".36 .5"),
}
"""In the annotations of an example: what stands there, and what makes another box of it."""


@with_boxes
def test_another_box_is_another_fingerprint(name: str, tmp_path: Path) -> None:
    chosen = EXAMPLES[name](tmp_path)
    before = open_dataset(chosen).split("validation").fingerprint
    file = annotations(tmp_path)
    content = file.read_bytes().replace(*CHANGES[name])
    assert content != file.read_bytes()
    file.write_bytes(content)
    assert open_dataset(chosen).split("validation").fingerprint != before


@with_boxes
@pytest.mark.parametrize("content", [b"\x00\xff\xfe" * 50, b"[[[[", b"<a><b>", b"9 9 9 9 9\n", b"{}"])
def test_broken_annotations_are_refused_by_name(name: str, content: bytes, tmp_path: Path) -> None:
    chosen = EXAMPLES[name](tmp_path)
    file = annotations(tmp_path)
    file.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        open_dataset(chosen)
    assert caught.value.code and said(caught.value)
    assert file.name in str(caught.value)


REFUSED_WITHOUT_IMAGE = {"coco": "missing_images", "voc": "missing_images", "yolo": "no_images"}
"""Format → code. YOLO lists no images: a dataset has those that are there."""


@with_boxes
def test_annotations_without_their_image_are_refused(name: str, tmp_path: Path) -> None:
    chosen = EXAMPLES[name](tmp_path)
    (image,) = tmp_path.rglob("*.png")
    image.unlink()
    with pytest.raises(DatasetError) as caught:
        open_dataset(chosen)
    assert (caught.value.code, bool(said(caught.value))) == (REFUSED_WITHOUT_IMAGE[name], True)
