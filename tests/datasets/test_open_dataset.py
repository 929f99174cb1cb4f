"""From what a user names or points at to a dataset; what every dataset has in common."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.datasets import DATASETS, any_images, open_dataset
from edgeslim.errors import DatasetError, Notice
from edgeslim.records import decoded, encoded

Write = Callable[..., Path]


def test_built_in_datasets_are_registered() -> None:
    assert set(DATASETS.names()) == {"street-signs", "digits"}


@pytest.mark.parametrize("name", DATASETS.names())
def test_descriptions_are_plain_data(name: str) -> None:
    record = DATASETS.get(name).to_json()
    assert json.loads(json.dumps(record))["sizes"]["calibration"] == 128
    assert len(record["labels"]) == 10


def test_unknown_reference_names_the_choices() -> None:
    with pytest.raises(
        DatasetError, match=r"no dataset named “street-sings”.*Choose one of street-signs"
    ) as caught:
        open_dataset("street-sings")
    assert caught.value.code == "no_dataset"


def test_a_path_that_leads_nowhere_is_not_taken_for_a_name(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no file or folder") as caught:
        open_dataset(tmp_path / "gone")
    assert (caught.value.code, caught.value.values["path"]) == ("path_missing", tmp_path / "gone")


def test_folder_in_no_known_format_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(DatasetError, match="not a dataset in a known format") as caught:
        open_dataset(tmp_path)
    assert caught.value.code == "unknown_format"


def test_file_in_no_known_format_is_named(tmp_path: Path, write_image: Write) -> None:
    with pytest.raises(DatasetError) as caught:
        open_dataset(write_image(tmp_path / "a.png"))
    assert caught.value.code == "unknown_format"


@pytest.mark.parametrize("folder", ["", "images"])
def test_folder_of_images_opens_without_labels(tmp_path: Path, write_image: Write, folder: str) -> None:
    for name in ("b.png", "a.jpg"):
        write_image(tmp_path / folder / name)
    dataset = open_dataset(str(tmp_path))
    split = dataset.split("validation")
    assert [split.image_id(i) for i in range(len(split))] == ["a.jpg", "b.png"]
    assert split.target(0) is None
    assert (dataset.labels, dataset.has_labels) == ((), False)
    assert [notice.code for notice in dataset.warnings] == ["no_annotations"]


def test_folder_in_two_formats_says_which_was_read(
    tmp_path: Path, write_coco: Write, write_voc: Write
) -> None:
    write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5))])
    write_voc(tmp_path, "v", [("ant", 0, (1, 1, 5, 5))])
    (notice,) = open_dataset(tmp_path).warnings
    assert notice.code == "several_formats"
    assert (notice.values["used"], notice.values["others"]) == ("coco", "voc")


def test_any_images_prefers_what_was_declared_for_it(
    tmp_path: Path, store: Store, write_coco: Write, write_voc: Write
) -> None:
    alone = open_dataset(write_coco(tmp_path / "my.json", [(0, 7, (1, 1, 5, 5))]))
    assert len(any_images(alone)) == 2
    digits = open_dataset("digits", store)
    assert any_images(digits).fingerprint == digits.split("calibration").fingerprint


def test_a_notice_has_its_sentence_and_survives_pickling() -> None:
    notice = Notice("clipped_boxes", count=2, first=Path("a.json"))
    again = pickle.loads(pickle.dumps(notice))  # noqa: S301 - our own bytes
    assert str(again) == "2 boxes reaching out of their image were clipped; the first is a.json."
    assert (again.code, again.values) == ("clipped_boxes", {"count": 2, "first": "a.json"})
    assert decoded(Notice, json.loads(json.dumps(encoded(again)))) == again == notice


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp"])
def test_a_picture_that_was_cut_short_is_left_out_of_a_folder_and_named(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole.{suffix}"
    PIL.Image.effect_noise((64, 64), 80).convert("RGB").save(whole)
    content = whole.read_bytes()
    (tmp_path / f"torn.{suffix}").write_bytes(content[: len(content) // 2])
    (tmp_path / f"more.{suffix}").write_bytes(content + bytes(4000))
    dataset = open_dataset(tmp_path)
    images = dataset.split("validation")
    assert [images.image_id(place) for place in range(len(images))] == [f"more.{suffix}", f"whole.{suffix}"]
    assert images.image(0).shape == (64, 64, 3), "what a camera writes behind a picture does no harm"
    assert dataset.warnings[0].values["names"] == f"torn.{suffix}"
