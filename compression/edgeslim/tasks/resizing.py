"""Resizing as training code does it: Pillow's antialiased filter, or OpenCV's filters without antialiasing.

OpenCV's `resize` samples at the centre of each new pixel. Shrinking by more than two it skips pixels, which Pillow
averages; networks were trained on one or the other. Its bilinear filter computes with 11 bits for each coefficient, its
bicubic one in floating point.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from edgeslim.detections import Image
from edgeslim.models.base import ResizeFilter

_ONE = 1 << 11
"""A coefficient of 1 in OpenCV's bilinear filter."""
_CUBIC = np.float32(-0.75)
"""The parameter of OpenCV's bicubic kernel."""
Numbers = NDArray[Any]


def resized(pixels: Image, width: int, height: int, by: ResizeFilter) -> Image:
    """(height, width, channels) from an image of any size, of one or three channels."""
    if pixels.shape[:2] == (height, width):
        return pixels
    channels = pixels.shape[2]
    if by == "antialiased":
        picture = Pillow.fromarray(pixels if channels > 1 else pixels[:, :, 0])
        found = np.asarray(picture.resize((width, height), Pillow.Resampling.BILINEAR))
        return found.reshape(height, width, channels)
    filtered = _bilinear if by == "bilinear" else _bicubic
    columns, across = _positions(pixels.shape[1], width)
    rows, down = _positions(pixels.shape[0], height)
    return filtered(pixels, columns, across, rows, down).reshape(height, width, channels)


def _bilinear(pixels: Image, columns: Numbers, across: Numbers, rows: Numbers, down: Numbers) -> Image:
    outside = (columns < 0) | (columns >= pixels.shape[1] - 1)
    across = _fixed(np.where(outside, np.float32(0), across))
    down = _fixed(down)
    wide, places = _widened(pixels, columns, across, rows, range(2))
    wide >>= 4
    above, below = (wide[at] * weight[:, None] for at, weight in zip(places, down, strict=True))
    above >>= 16
    below >>= 16
    above += below
    found: Image = ((above + 2) >> 2).astype(np.uint8)
    return found


def _fixed(part: Numbers) -> Numbers:
    """Coefficients (2, new) of the pixels before and after."""
    return np.rint(np.stack([1 - part, part]) * np.float32(_ONE)).astype(np.int32)


def _bicubic(pixels: Image, columns: Numbers, across: Numbers, rows: Numbers, down: Numbers) -> Image:
    wide, places = _widened(pixels, columns, _kernel(across), rows, range(-1, 3))
    weights = _kernel(down)
    total = wide[places[0]] * weights[0][:, None]
    for at, weight in zip(places[1:], weights[1:], strict=True):
        total += wide[at] * weight[:, None]
    found: Image = np.clip(np.rint(total), 0, 255).astype(np.uint8)
    return found


def _kernel(x: Numbers) -> Numbers:
    """Coefficients (4, new) of the pixels around."""
    a, y = _CUBIC, 1 - x
    first = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    second = ((a + 2) * x - (a + 3)) * x * x + 1
    third = ((a + 2) * y - (a + 3)) * y * y + 1
    return np.stack([first, second, third, 1 - first - second - third])


def _widened(
    pixels: Image, columns: Numbers, weights: Numbers, rows: Numbers, taps: range
) -> tuple[Numbers, list[Numbers]]:
    """The lines that are needed, filtered across (lines, width · channels), and which of them each tap takes."""
    height, width, channels = pixels.shape
    wanted = np.clip(rows + np.array(taps)[:, None], 0, height - 1)
    lines, places = np.unique(wanted, return_inverse=True)
    flat = pixels.reshape(height, -1)[lines]
    found: Numbers = np.zeros((), weights.dtype)
    for tap, weight in zip(taps, weights, strict=True):
        at = np.clip(columns + tap, 0, width - 1)[:, None] * channels + np.arange(channels)
        found = found + np.take(flat, at.ravel(), axis=1) * np.repeat(weight, channels)
    return found, list(places.reshape(wanted.shape))


def _positions(old: int, new: int) -> tuple[Numbers, Numbers]:
    """The pixel before each new pixel's centre, and the distance from its own centre to that (new,)."""
    centres = ((np.arange(new) + 0.5) * (1 / (new / old)) - 0.5).astype(np.float32)
    start = np.floor(centres)
    return start.astype(np.intp), centres - start
