"""The digits: sizes, stratification, pixel range, and the same images every time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.datasets import DATASETS, open_dataset
from edgeslim.datasets.base import Dataset


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset("digits", Store(Path(tmp_path_factory.mktemp("store"))))


def test_splits_have_the_described_sizes(digits: Dataset) -> None:
    sizes = DATASETS.get("digits").sizes
    assert {name: len(digits.split(name)) for name in digits.splits} == sizes
    assert (digits.task, digits.has_labels, digits.labels[7]) == ("classification", True, "7")


def test_images_are_grey_uint8_over_the_whole_range(digits: Dataset) -> None:
    split = digits.split("validation")
    images = np.stack([split.image(i) for i in range(len(split))])
    assert images.shape == (450, 8, 8, 3)
    assert images.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 255)
    assert (images[..., 0] == images[..., 1]).all()
    assert len(np.unique(images)) == 17


def test_validation_is_stratified_and_apart_from_train(digits: Dataset) -> None:
    train, validation = digits.split("train"), digits.split("validation")
    counts = Counter(validation.target(i) for i in range(len(validation)))
    assert max(counts.values()) - min(counts.values()) <= 3
    ids = [{split.image_id(i) for i in range(len(split))} for split in (train, validation)]
    assert (len(ids[0]), len(ids[1]), ids[0] & ids[1]) == (1347, 450, set())


def test_calibration_begins_train_and_gallery_begins_validation(digits: Dataset) -> None:
    for part, whole in (("calibration", "train"), ("gallery", "validation")):
        split, source = digits.split(part), digits.split(whole)
        assert [split.image_id(i) for i in range(len(split))] == [
            source.image_id(i) for i in range(len(split))
        ]
        assert (split.image(3) == source.image(3)).all()


def test_content_is_the_same_every_time(digits: Dataset) -> None:
    prints = {name: digits.split(name).fingerprint[:12] for name in ("train", "validation")}
    assert prints == {"train": "a58ebbea7a93", "validation": "1b55dcdfd1b1"}
