"""What goes into the network, pixel by pixel, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeslim.detections import Image
from edgeslim.models.base import ModelSpec
from edgeslim.tasks.base import prepare, to_image


def spec(width: int, height: int, **more: Any) -> ModelSpec:
    return ModelSpec(input_width=width, input_height=height, **more)


def plain(width: int, height: int, color: tuple[int, int, int] = (10, 20, 30)) -> Image:
    return np.full((height, width, 3), color, np.uint8)


def test_an_image_of_the_right_size_passes_unchanged() -> None:
    image = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    prepared = prepare(image, spec(6, 4))
    assert prepared.tensor.shape == (1, 3, 4, 6)
    assert prepared.tensor.dtype == np.float32
    assert (prepared.tensor[0] == image.transpose(2, 0, 1)).all()


def test_colours_scale_mean_and_deviation() -> None:
    normalised = {"scale": 0.5, "mean": (1.0, 2.0, 3.0), "std": (2.0, 4.0, 8.0)}
    rgb = prepare(plain(4, 4), spec(4, 4, **normalised)).tensor
    bgr = prepare(plain(4, 4), spec(4, 4, color="BGR", **normalised)).tensor
    assert rgb[0, :, 0, 0].tolist() == [(5 - 1) / 2, (10 - 2) / 4, (15 - 3) / 8]
    assert bgr[0, :, 0, 0].tolist() == [(15 - 1) / 2, (10 - 2) / 4, (5 - 3) / 8]


def test_gray_is_one_channel_of_luma() -> None:
    """ITU-R 601: 0.299 · 10 + 0.587 · 20 + 0.114 · 30 = 18.15."""
    tensor = prepare(plain(8, 8), spec(4, 4, color="GRAY", mean=(8.0,), std=(2.0,))).tensor
    assert tensor.shape == (1, 1, 4, 4)
    assert np.unique(tensor).tolist() == [5.0]


def test_letterbox_in_the_corner_pads_right_and_below() -> None:
    """20 × 10 into 8 × 8: half-size is 8 × 4."""
    prepared = prepare(plain(20, 10), spec(8, 8, resize="letterbox_corner", pad_value=114.0))
    assert (prepared.tensor[0, 0, :4] == 10).all()
    assert (prepared.tensor[0, :, 4:] == 114).all()
    assert (prepared.offset_x, prepared.offset_y) == (0, 0)
    assert (prepared.scale_x, prepared.scale_y) == (0.4, 0.4)


def test_letterbox_in_the_centre_rounds_the_offset_down() -> None:
    """10 × 20 into 9 × 8: 4 × 8, with 2 columns of padding on the left and 3 on the right."""
    prepared = prepare(plain(10, 20), spec(9, 8, resize="letterbox_center", pad_value=0.5, scale=2.0))
    row = prepared.tensor[0, 2, 3].tolist()
    assert row == [1, 1, 60, 60, 60, 60, 1, 1, 1]
    assert (prepared.offset_x, prepared.offset_y) == (2, 0)


def test_padding_is_normalised_like_a_pixel() -> None:
    more = {"resize": "letterbox_center", "pad_value": 0.0, "mean": (3.0, 6.0, 9.0), "std": (3.0, 3.0, 3.0)}
    prepared = prepare(plain(10, 20), spec(8, 8, **more))
    assert prepared.tensor[0, :, 0, 0].tolist() == [-1, -2, -3]


def test_stretch_scales_the_axes_on_their_own() -> None:
    prepared = prepare(plain(20, 10), spec(10, 10, resize="stretch"))
    assert (prepared.scale_x, prepared.scale_y) == (0.5, 1.0)
    assert (prepared.tensor[0, 1] == 20).all()


@pytest.mark.parametrize("width", range(401, 699, 7))
def test_the_axis_that_decides_fills_the_input(width: int) -> None:
    prepared = prepare(plain(width, 64), spec(416, 416, resize="letterbox_corner"))
    assert prepared.scale_x * width == pytest.approx(416)
    assert (prepared.tensor[0, 0, 0] == 10).all()


def test_an_image_of_one_row_does_not_vanish() -> None:
    prepared = prepare(plain(300, 1), spec(32, 32, resize="letterbox_corner"))
    assert (prepared.tensor[0, 0, 0] == 10).all()
    assert (prepared.tensor[0, 0, 1] == 114).all()


def test_shrinking_averages() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    tensor = prepare(stripes, spec(8, 8)).tensor
    assert tensor[:, :, 2:6, 2:6].min() > 90
    assert tensor[:, :, 2:6, 2:6].max() < 110


@pytest.mark.parametrize("resize", ["letterbox_corner", "letterbox_center", "stretch"])
def test_boxes_come_back_to_where_they_were(resize: str) -> None:
    prepared = prepare(plain(517, 383), spec(416, 320, resize=resize))
    box = np.array([[10, 20, 300.5, 380]], np.float32)
    scale = np.array([prepared.scale_x, prepared.scale_y] * 2, np.float32)
    offset = np.array([prepared.offset_x, prepared.offset_y] * 2, np.float32)
    assert to_image(box * scale + offset, prepared) == pytest.approx(box, abs=1e-3)


def test_boxes_are_clipped_to_the_image() -> None:
    prepared = prepare(plain(20, 10), spec(40, 20))
    boxes = to_image(np.array([[-8, -8, 90, 90]], np.float32), prepared)
    assert boxes.tolist() == [[0, 0, 20, 10]]


def test_the_image_is_left_as_it_was() -> None:
    image = plain(6, 4)
    image.setflags(write=False)
    prepare(image, spec(6, 4, scale=2.0, color="BGR"))
    assert (image == plain(6, 4)).all()
