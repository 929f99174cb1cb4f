"""What every chart of a lesson has: heading, legend, axis, the line of the chosen device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeslim.lessons.views import Axis, Unit
from edgeslim.report.lesson_words import LessonWords
from edgeslim.report.palette import ACCENT, LOSS
from edgeslim.report.svg import DASHES, SERIES, SIZE, Scale, line, marker, rows_of, text, ticks, wrapped
from edgeslim.report.window import text_width
from edgeslim.units import MINUS, format_bytes, format_change, format_ms

WIDTHS = (360.0, 720.0)
ROW = 20.0
"""Height of a line of words."""
FAINT = 0.22
"""Opacity of the grid."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The room for a file on the device that the reader has chosen; its name in words."""

    name: str
    bytes: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """What every view is drawn with."""

    words: LessonWords
    limit: Limit | None = None
    width: float = WIDTHS[1]
    large: bool = False
    """For an audience: the drawing for a phone, as wide as there is room."""


def heading(axis: Axis, names: Sequence[str], drawing: Drawing, *, lines: bool) -> tuple[list[str], float]:
    """What the values are, and a legend where there is something to tell apart; and the height that they take."""
    parts, y = [], 0.0
    for words in wrapped(drawing.words.axis(axis), drawing.width):
        y += ROW
        parts.append(text(2, y - 5, words, opacity="0.85"))
    for row in rows_of(names, drawing.width) if any(names) else []:
        y += ROW
        for number, x in row:
            color = SERIES[number % len(SERIES)]
            if lines:
                dash = DASHES[number % len(DASHES)]
                parts.append(
                    line(x + 2, y - 9, x + 22, y - 9, color=color, stroke_width=2.5, stroke_dasharray=dash)
                )
            parts.append(marker(number, x + 12, y - 9, color, names[number]))
            parts.append(text(x + 28, y - 4, names[number]))
    return parts, y


def x_axis(axis: Axis, across: Scale, height: float, drawing: Drawing, names: Sequence[str]) -> list[str]:
    base = height - 50
    parts = [line(across.start, base, across.end, base, opacity=0.5)]
    labels: list[tuple[float, str]] = [(float(at), name) for at, name in enumerate(names)] or [
        (value, tick(axis.unit, value)) for value in ticks(across, 4 if drawing.width < 500 else 8)
    ]
    last = float("-inf")
    for value, label in labels:
        x, half = across(value), text_width(label, SIZE) / 2
        middle = min(max(x, half), drawing.width - half)
        parts.append(line(x, base, x, base + 5, opacity=0.5))
        if middle - half > last + 6:
            parts.append(text(middle, base + 20, label, "middle"))
            last = middle + half
    parts.append(text(drawing.width - 6, height - 6, drawing.words.axis(axis), "end", opacity="0.85"))
    return parts


def in_sight(limit: Limit | None, axis: Axis, values: Sequence[float]) -> float | None:
    """The limit, where an axis in bytes can show it without squeezing what was measured."""
    if limit is None or axis.unit != "bytes" or not values:
        return None
    return limit.bytes if limit.bytes <= max(values) * (12 if axis.log else 1.6) else None


def at_limit(limit: float | None) -> list[float]:
    return [] if limit is None else [limit]


def limit_line(
    limit: float | None,
    ends: Callable[[float], tuple[float, float, float, float]],
    largest: float,
    drawing: Drawing,
    *,
    below: bool = True,
) -> list[str]:
    """The device's room: red once something does not fit."""
    if limit is None or drawing.limit is None:
        return []
    color = LOSS if largest > limit else ACCENT
    x0, y0, x1, y1 = ends(limit)
    label = f"{drawing.limit.name}: {format_bytes(limit)}"
    drawn = line(x0, y0, x1, y1, color=color, stroke_width=2, stroke_dasharray="6 4")
    half = text_width(label, SIZE) / 2
    font = {"fill": color, "font_weight": 600}
    if y0 == y1:
        return [drawn, text(x1, y1 - 6, label, "end", **font)]
    half = text_width(label, SIZE) / 2
    middle = min(max(x0, half), drawing.width - half)
    return [drawn, text(middle, max(y0, y1) + 16 if below else min(y0, y1) - 5, label, "middle", **font)]


def tick(unit: Unit, value: float) -> str:
    """A number at an axis; its unit stands at the axis where the number does not carry it."""
    match unit:
        case "share":
            return f"{round(100 * value, 6):g}"
        case "points":
            return format_change(value)
        case "bytes":
            return format_bytes(value)
        case "ms":
            return format_ms(value)
        case "ratio":
            return f"{value:g}×"
        case "count":
            return f"{value:,.6g}"
        case _:
            return _power(value) if 0 < abs(value) < 1e-3 else f"{value:g}".replace("-", MINUS)


def _power(value: float) -> str:
    """0.00002 as 2·10⁻⁵."""
    base, exponent = f"{value:.0e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}" if base == "1" else f"{base}·10{raised}"


def told(
    axis: Axis,
    names: Sequence[str],
    values: Sequence[Sequence[float]],
    words: LessonWords,
    groups: Sequence[str] = (),
) -> str:
    """A drawing as a sentence: every value where they are few, else the ends."""
    told = []
    for name, row in zip(names, values, strict=True):
        written = [words.amount(axis.unit, value) for value in row]
        if groups:
            written = [f"{words.word(group)} {each}" for group, each in zip(groups, written, strict=True)]
        elif len(written) > 12:
            written = [written[0], "…", written[-1]]
        told.append(f"{name}: {', '.join(written)}".removeprefix(": "))
    return f"{words.axis(axis)}. {'; '.join(told)}"
