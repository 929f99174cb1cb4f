"""Views of lessons as small SVG drawings, which pages, rooms and hand-outs show alike.

A drawing is `width` units wide; shown at about that many pixels its words have the size of the text around it. So each
is made twice, for a phone and for everything else (`WIDTHS`), and the page shows the one that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from edgeslim.lessons.views import Axis, Bars, Histogram, Lines, Series
from edgeslim.report.lesson_axes import (
    FAINT,
    ROW,
    Drawing,
    Limit,
    at_limit,
    heading,
    in_sight,
    limit_line,
    tick,
    told,
    x_axis,
)
from edgeslim.report.palette import LOSS
from edgeslim.report.svg import DASHES, SERIES, SIZE, Scale, line, marker, scale, text, ticks, whole, wrapped
from edgeslim.report.window import text_width
from edgeslim.units import format_count


def lines_svg(view: Lines, drawing: Drawing, x_names: Sequence[str] = ()) -> str:
    """Lines with their intervals over a common x; `x_names` stand at x = 0, 1, 2 … instead of numbers."""
    words, width = drawing.words, drawing.width
    names = [words.word(one.name) for one in view.series]
    parts, top = heading(view.y, names, drawing, lines=not view.marks)
    values = [value for one in view.series for value in (*one.y, *one.low, *one.high)]
    xs = [value for one in view.series for value in one.x]
    limit = in_sight(drawing.limit, view.y, values)
    x_limit = in_sight(drawing.limit, view.x, xs)
    if x_limit is not None:
        top += ROW
    height = top + (230 if width < 500 else 300)
    up = scale([*values, *at_limit(limit)], height - 52, top + 10, log=view.y.log)
    labels = [(value, tick(view.y.unit, value)) for value in ticks(up)]
    left = max(24.0, max((text_width(label, SIZE) for _, label in labels), default=0) + 10)
    if view.marks or not x_names:
        across = scale([*xs, *at_limit(x_limit)], left, width - 16, log=view.x.log)
    else:
        across = Scale(0, max(1, len(x_names) - 1), left + 14, width - 24)
    for value, label in labels:
        parts.append(line(left, up(value), width - 6, up(value), opacity=FAINT))
        parts.append(text(left - 6, up(value) + 5, label, "end"))
    parts += x_axis(view.x, across, height, drawing, x_names)
    for number, one in enumerate(view.series):
        color = SERIES[number % len(SERIES)]
        parts += _series(one, number, color, across, up, view, names[number], drawing, x_names)
    parts += limit_line(limit, lambda at: (left, up(at), width - 6, up(at)), max(values, default=0), drawing)
    parts += limit_line(
        x_limit,
        lambda at: (across(at), height - 50, across(at), top),
        max(xs, default=0),
        drawing,
        below=False,
    )
    return whole(width, height, told(view.y, names, [one.y for one in view.series], words), parts)


def bars_svg(view: Bars, drawing: Drawing) -> str:
    """Horizontal bars, each under its group's name, with its value at its end."""
    words, width = drawing.words, drawing.width
    names = [words.word(one.name) for one in view.series]
    several = len(view.series) > 1
    parts, y = heading(view.y, names if several else [], drawing, lines=False)
    values = [value for one in view.series for value in (*one.y, *one.low, *one.high)]
    limit = in_sight(drawing.limit, view.y, values)
    written = [[words.amount(view.y.unit, value) for value in one.y] for one in view.series]
    room = max((text_width(each, SIZE) for one in written for each in one), default=0) + 14
    across = scale([*values, *at_limit(limit)], 2, width - room, log=view.y.log, zero=not view.y.log)
    zero = across(across.low if view.y.log else 0.0)
    y += 4
    top = y
    for place, group in enumerate(view.groups):
        for row in wrapped(words.word(group), width):
            y += ROW
            parts.append(text(6, y - 6, row))
        for number, one in enumerate(view.series):
            end, color = across(one.y[place]), SERIES[number % len(SERIES)]
            if view.y.unit == "bytes" and drawing.limit and one.y[place] > drawing.limit.bytes:
                color = LOSS
            label = f"{words.word(group)}: {written[number][place]}"
            parts.append(
                f'<rect x="{min(zero, end):g}" y="{y:g}" width="{max(abs(end - zero), 1):g}" height="18" '
                f'fill="{color}"><title>{escape(label)}</title></rect>'
            )
            reach = end
            if one.low and one.high:
                low, high = across(one.low[place]), across(one.high[place])
                parts.append(line(low, y + 9, high, y + 9, stroke_width=2))
                parts += [line(x, y + 4, x, y + 14, stroke_width=2) for x in (low, high)]
                reach = max(end, high)
            parts.append(text(max(reach, zero) + 6, y + 14, written[number][place]))
            y += 22
        y += 8
    parts += limit_line(
        limit, lambda at: (across(at), y, across(at), top + 4), max(values, default=0), drawing
    )
    if limit is None:
        parts.append(line(zero, top + 6, zero, y, opacity=0.5))
    else:
        y += ROW
    label = told(view.y, names, [one.y for one in view.series], words, view.groups)
    return whole(width, y + 4, label, parts)


def histogram_svg(view: Histogram, drawing: Drawing) -> str:
    """Counts as steps, all series over each other."""
    words, width = drawing.words, drawing.width
    names = [words.word(one.name) for one in view.series]
    several = len(view.series) > 1
    counts = Axis(name="count_axis", unit="count")
    parts, top = heading(counts, names if several else [], drawing, lines=False)
    height = top + (210 if width < 500 else 270)
    values = [value for one in view.series for value in one.counts]
    up = scale(values, height - 52, top + 10, zero=True)
    left = 48.0
    across = Scale(view.edges[0], view.edges[-1], left, width - 12)
    for value in ticks(up, 4):
        parts.append(line(left, up(value), width - 6, up(value), opacity=FAINT))
        parts.append(text(left - 6, up(value) + 5, tick("count", value), "end"))
    parts += x_axis(view.x, across, height, drawing, ())
    for number, one in enumerate(view.series):
        color = SERIES[number % len(SERIES)]
        steps = [
            f"{across(low):g},{up(count):g} {across(high):g},{up(count):g}"
            for low, high, count in zip(view.edges, view.edges[1:], one.counts, strict=False)
        ]
        outline = " ".join(
            [f"{across(view.edges[0]):g},{up(0):g}", *steps, f"{across(view.edges[-1]):g},{up(0):g}"]
        )
        parts.append(
            f'<polygon points="{outline}" fill="{color}" fill-opacity="{0.3 if several else 0.65}" '
            f'stroke="{color}" stroke-width="1.5" stroke-dasharray="{DASHES[number % len(DASHES)]}"/>'
        )
    total = ", ".join(
        f"{name}: {format_count(sum(one.counts))}" for name, one in zip(names, view.series, strict=True)
    )
    return whole(width, height, f"{words.axis(view.x)}. {total}", parts)


def _series(
    one: Series,
    number: int,
    color: str,
    across: Scale,
    up: Scale,
    view: Lines,
    name: str,
    drawing: Drawing,
    x_names: Sequence[str],
) -> list[str]:
    xs = [across(value) for value in one.x]
    ys = [up(value) for value in one.y]
    parts = []
    if one.low and one.high:
        lows, highs = [up(value) for value in one.low], [up(value) for value in one.high]
        if view.marks or len(xs) == 1:
            parts += [
                line(x, low, x, high, color=color, stroke_width=2, opacity=0.6)
                for x, low, high in zip(xs, lows, highs, strict=True)
            ]
        else:
            around = [*zip(xs, highs, strict=True), *reversed(list(zip(xs, lows, strict=True)))]
            points = " ".join(f"{x:g},{y:g}" for x, y in around)
            parts.append(f'<polygon points="{points}" fill="{color}" opacity="0.18"/>')
    if not view.marks:
        points = " ".join(f"{x:g},{y:g}" for x, y in zip(xs, ys, strict=True))
        dash = DASHES[number % len(DASHES)]
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2.5"{dashed}/>')
    if view.marks or len(xs) <= 24:
        words = drawing.words
        for x, y, at, value in zip(xs, ys, one.x, one.y, strict=True):
            where = x_names[int(at)] if x_names else words.amount(view.x.unit, at)
            fits = (
                drawing.limit is None
                or max(
                    value if view.y.unit == "bytes" else 0,
                    at if view.x.unit == "bytes" and not x_names else 0,
                )
                <= drawing.limit.bytes
            )
            label = f"{name}: {where} → {words.amount(view.y.unit, value)}".removeprefix(": ")
            parts.append(marker(number, x, y, color if fits else LOSS, label))
    return parts


def out_of_sight(view: Lines | Bars, limit: Limit | None) -> bool:
    """Whether the device's room lies beyond a chart in bytes: everything fits by far, and a sentence says so."""
    if limit is None:
        return False
    axes = [(view.y, [value for one in view.series for value in (*one.y, *one.low, *one.high)])]
    if isinstance(view, Lines):
        axes.append((view.x, [value for one in view.series for value in one.x]))
    return any(
        axis.unit == "bytes" and in_sight(limit, axis, values) is None for axis, values in axes if values
    )
