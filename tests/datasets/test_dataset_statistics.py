"""Objects of a split by class and size, and images that cannot be read."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from edgeslim.datasets.splits import ImageFile, ImageFiles
from edgeslim.datasets.statistics import ClassCount, statistics, unreadable
from edgeslim.detections import Annotations


@pytest.fixture
def files(tmp_path: Path) -> list[ImageFile]:
    """Four pictures, the third of them cut short."""
    found = []
    for name in "abcd":
        path = tmp_path / f"{name}.png"
        PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)).save(path)
        found.append(ImageFile(path, f"{name}.png"))
    found[2].path.write_bytes(found[2].path.read_bytes()[:5000])
    return found


def boxes(*sides: float, classes: list[int], crowd: list[bool] | None = None) -> Annotations:
    corners = np.array([[0, 0, side, side] for side in sides], np.float32).reshape(-1, 4)
    kinds = np.array(classes, np.int64)
    return Annotations(
        corners,
        kinds,
        np.array(crowd or [False] * len(sides), bool),
        np.array([side**2 for side in sides], np.float32),
    )


def test_boxes_are_counted_by_class_and_by_cocos_sizes_without_crowds(files: list[ImageFile]) -> None:
    known = [
        boxes(10, 32, 96, classes=[0, 0, 1]),
        boxes(100, 150, classes=[1, 1], crowd=[False, True]),
        boxes(classes=[]),
        boxes(180, classes=[2], crowd=[True]),
    ]
    found = statistics(ImageFiles(files, known, "xyz"), ("x", "y", "z"))
    assert found.classes == (
        ClassCount("x", 2, 1, 21.0),
        ClassCount("y", 2, 2, 98.0),
        ClassCount("z", 0, 0, None),
    )
    assert (found.images, found.objects, found.empty, found.unknown) == (4, 4, 2, 0)
    assert (found.small, found.medium, found.large) == (2, 1, 1)


def test_of_images_without_labels_nothing_is_counted(files: list[ImageFile]) -> None:
    found = statistics(ImageFiles(files, None, ()), ())
    assert (found.images, found.unknown, found.objects, found.classes) == (4, 4, 0, ())


def test_a_picture_that_is_cut_short_is_named_with_its_reason(files: list[ImageFile]) -> None:
    told: list[int] = []
    (broken,) = unreadable(
        ImageFiles(files, None, ()), lambda message, done, total, who="": told.append(done)
    )
    assert broken.code == "broken_image" and broken.values["image"].endswith("c.png")
    assert told == [0, 1, 2, 3]
