"""What a lesson shows: plain data that a page, a room and a hand-out draw alike.

A `name` is a word's key: it is looked up as `lesson.<lesson>.word.<name>`, then as `learn.word.<name>`, and else shown
as it is (layers, digits). Units: 'share' (of 1; shown in %), 'points' (of 1; shown in percentage points), 'bytes',
'bits', 'ms', 'ratio', 'count', or '' for plain numbers. An axis in bytes carries the line of the device that the reader
has chosen.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from edgeslim.lessons.live import Live, Numbers

Unit = Literal["", "share", "points", "bytes", "bits", "ms", "ratio", "count"]


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    unit: Unit = ""
    log: bool = False


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One line or one set of bars; `low` and `high` are ends of 95 % intervals, empty where there are none."""

    name: str
    x: Numbers = ()
    y: Numbers
    low: Numbers = ()
    high: Numbers = ()


class Lines(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Lines over a common x; `marks` draws the points alone, without a line."""

    x: Axis
    y: Axis
    series: tuple[Series, ...]
    marks: bool = False


class Bars(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Horizontal bars, grouped by `groups` (names); every series has one `y` for each group."""

    y: Axis
    groups: tuple[str, ...]
    series: tuple[Series, ...]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    counts: Numbers


class Histogram(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Counts between `edges` (one more than counts)."""

    x: Axis
    edges: Numbers
    series: tuple[Counts, ...]


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """A matrix as a small picture: a digit, a kernel, a weight matrix; `rows` of equal length."""

    name: str
    rows: tuple[Numbers, ...]


class Tiles(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Tiles on one scale from `low` to `high`; signed ones are coloured around zero."""

    tiles: tuple[Tile, ...]
    low: float
    high: float


class Boxes(msgspec.Struct, frozen=True, kw_only=True):
    """What one file detects on one image: boxes (x0, y0, x1, y1) in its pixels."""

    boxes: tuple[Numbers, ...]
    scores: Numbers
    classes: tuple[int, ...]


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """An image of a dataset's split by its place in it, with the boxes of every file."""

    place: int
    files: tuple[Boxes, ...]


class Scenes(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Pictures with what each of the files (`names`, the original first) sees on them."""

    dataset: str
    split: Literal["gallery", "validation"]
    names: tuple[str, ...]
    labels: tuple[str, ...]
    """Classes by number."""
    scenes: tuple[Scene, ...]
    confidence: float = 0.5


class Table(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Rows by name; `values[row][column]`, None where there is none."""

    columns: tuple[Axis, ...]
    rows: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


View = Lines | Bars | Histogram | Tiles | Scenes | Table | Live
