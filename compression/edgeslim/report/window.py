"""Which part of its axes a chart shows, in drawn units, and where its words stand. Plain numbers in and out."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeslim.studies.figures import Figure
from edgeslim.units import BYTES, COUNT, LARGE_COUNT, POINTS, SHARE

Window = tuple[float, float]
Box = tuple[float, float, float, float]
SIZES = (BYTES, COUNT, LARGE_COUNT)
NARROW = 1.2
"""A logarithmic axis spans at least this factor."""
LINE = 22
"""Pixels that a line of words is high."""


def logarithmic(axis: Figure, values: Sequence[float]) -> bool:
    """Whether an axis shows factors rather than differences: sizes and counts, from some bytes to some megabytes."""
    return axis.kind in SIZES and min(values, default=0.0) > 0


def window(values: Sequence[float], logarithmic: bool) -> Window:
    """The range that holds all values, with some room on both sides."""
    low, high = min(values), max(values)
    if logarithmic:
        room = max(math.log10(high / low), math.log10(NARROW)) * 0.08
        return low / 10**room, high * 10**room
    room = ((high - low) or abs(high) or 1.0) * 0.06
    return low - room, high + room


def y_window(axis: Figure, band: Window, lane: float) -> Window:
    """The range around a band: `lane` of it free below, room for words above, never far beyond 100 %."""
    low, high = band
    room = (high - low) or abs(high) or 1.0
    top = high + 0.12 * room
    if axis.kind in (POINTS, SHARE) and high <= 100:
        top = min(top, 100 + 0.03 * room)
    return low - lane * room, top


def ticks(shown: Window) -> list[float]:
    """Round values on a logarithmic axis: 1, 2, 5 of each decade, more of them where that gives few."""
    low, high = shown
    for series in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [digit * 10.0**decade for decade in decades for digit in series]
        found = [value for value in found if low <= value <= high]
        if len(found) > 3:
            break
    return found


def text_width(words: str, size: int) -> float:
    """About how many pixels words take in a sans-serif: half their height for a Latin letter, all of it for a Chinese."""
    return sum(size if ord(letter) > 0x2E80 else 0.56 * size for letter in words)


def place_words(
    anchors: Sequence[tuple[float, float]],
    widths: Sequence[float],
    marks: Sequence[tuple[float, float]],
    size: tuple[float, float],
) -> list[tuple[float, float]]:
    """Where words go that belong to points, as pixels from each point to the middle of its words.

    `anchors` are the points and `marks` all marks that are better not covered, in pixels from the top left of an area
    of `size`; `widths` those of the words. No words overlap others as long as there is room.
    """
    placed: list[Box] = []
    found: list[tuple[float, float]] = []
    for (x, y), width in zip(anchors, widths, strict=True):
        options = []
        for away in (26, 46, 68, 92, 118):
            for side in (0.0, 0.6, -0.6, 1.0, -1.0, 1.6, -1.6):
                for up in (-1, 1):
                    dx, dy = side * (width / 2 + 14), up * away
                    box = (x + dx - width / 2, y + dy - LINE / 2, x + dx + width / 2, y + dy + LINE / 2)
                    outside = max(0.0, -box[0], -box[1], box[2] - size[0], box[3] - size[1])
                    overlap = sum(_overlap(box, other) for other in placed)
                    covered = sum(_holds(box, mark) for mark in marks)
                    cost = (
                        1000 * bool(overlap) + overlap + 100 * outside + 25 * covered + away + 8 * abs(side)
                    )
                    options.append((cost, dx, dy, box))
        _, dx, dy, box = min(options)
        placed.append(box)
        found.append((dx, dy))
    return found


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)


def _holds(box: Box, point: tuple[float, float], room: float = 6.0) -> bool:
    x, y = point
    return box[0] - room < x < box[2] + room and box[1] - room < y < box[3] + room
