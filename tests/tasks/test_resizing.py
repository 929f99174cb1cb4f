"""The filters by which training code resizes, against values that OpenCV 4.10 gives."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow

from edgeslim.detections import Image
from edgeslim.models.base import ResizeFilter
from edgeslim.tasks.resizing import resized

SMALL = {
    ("bilinear", (3, 2)): [[164, 73, 174], [107, 199, 120]],
    ("bilinear", (9, 6)): [
        [89, 130, 177, 167, 16, 63, 111, 158, 199],
        [117, 164, 134, 68, 73, 128, 183, 174, 93],
        [147, 202, 152, 73, 136, 200, 180, 142, 125],
        [178, 169, 139, 128, 200, 189, 154, 124, 114],
        [209, 107, 102, 168, 199, 130, 132, 120, 61],
        [237, 142, 144, 175, 64, 152, 97, 71, 147],
    ],
    ("bicubic", (3, 2)): [[176, 67, 195], [75, 211, 134]],
    ("bicubic", (9, 6)): [
        [83, 120, 203, 185, 12, 48, 104, 163, 211],
        [109, 176, 133, 42, 67, 113, 213, 195, 68],
        [140, 246, 161, 29, 135, 235, 199, 130, 130],
        [180, 178, 131, 126, 221, 206, 150, 114, 119],
        [224, 75, 69, 191, 211, 108, 134, 134, 35],
        [248, 129, 145, 187, 55, 168, 91, 49, 161],
    ],
}  # fmt: skip
"""The second channel of the small picture."""
SUMS: dict[ResizeFilter, list[int]] = {
    "bilinear": [383709, 379130, 374109],
    "bicubic": [384313, 379445, 375460],
}
"""Of the channels of the large picture at 64 × 47."""


def small() -> Image:
    y, x, c = np.mgrid[0:5, 0:7, 0:3]
    return ((y * 37 + x * 61 + c * 89 + x * y * 13) % 256).astype(np.uint8)


def large() -> Image:
    y, x = np.mgrid[0:120, 0:160]
    planes = [(y * y // 7 + x * 3) % 256, (x * x // 11 + y * 5) % 256, (x * y) % 256]
    return np.stack(planes, -1).astype(np.uint8)


@pytest.mark.parametrize(("by", "size"), SMALL)
def test_small_picture_is_opencvs_pixel_by_pixel(by: ResizeFilter, size: tuple[int, int]) -> None:
    assert resized(small(), *size, by)[:, :, 1].tolist() == SMALL[by, size]


@pytest.mark.parametrize("by", SUMS)
def test_shrinking_without_antialiasing_sums_to_opencvs(by: ResizeFilter) -> None:
    found = resized(large(), 64, 47, by).reshape(-1, 3).astype(int).sum(axis=0)
    if by == "bilinear":
        assert found.tolist() == SUMS[by]
    np.testing.assert_allclose(found, SUMS[by], atol=6)  # of 3008 pixels some may round otherwise, by one


def test_antialiased_is_pillows() -> None:
    expected = np.asarray(Pillow.fromarray(large()).resize((64, 47), Pillow.Resampling.BILINEAR))
    assert (resized(large(), 64, 47, "antialiased") == expected).all()


@pytest.mark.parametrize("by", ["antialiased", "bilinear", "bicubic"])
def test_one_channel_is_resized_as_each_of_three(by: ResizeFilter) -> None:
    assert (resized(large()[:, :, 1:2], 64, 47, by)[:, :, 0] == resized(large(), 64, 47, by)[:, :, 1]).all()


@pytest.mark.parametrize("by", ["antialiased", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (300, 2)])
def test_any_size_can_be_asked_for(by: ResizeFilter, size: tuple[int, int]) -> None:
    flat = np.full((3, 5, 3), 77, np.uint8)
    found = resized(flat, *size, by)
    assert found.shape == (size[1], size[0], 3)
    assert (found == 77).all()
