"""Plain data → plotly figures. Every clickable mark carries its trial number.

Words come from the caller: `texts` maps each key in TEXTS to words of the screen's language. Figures are made at once
from plain dictionaries: plotly takes its time over each change of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

import plotly.graph_objects as go

from edgeslim.report.frame import MARGIN, color_axis, count_below, layout, limits, words_of_lane
from edgeslim.report.marks import (
    Part,
    Scales,
    Texts,
    absent_marks,
    edge_marks,
    intervals,
    point_marks,
    rings,
    seed_marks,
)
from edgeslim.report.palette import FONT_SIZE, NEUTRAL, faint, halo, ring
from edgeslim.report.pareto import MARKS, ParetoInfo, Point
from edgeslim.report.window import Window, logarithmic, place_words, text_width, window, y_window
from edgeslim.studies.figures import Figure, axes

TEXTS: tuple[str, ...] = (
    *(f"axis.{figure.name}" for figure in axes()),
    *(f"mark.{mark}" for mark in MARKS),
    "chart.interval",
    "chart.like_original",
    "chart.alike",
    "chart.alike_selected",
    "chart.below",
    "chart.seeds",
    "chart.seed",
    "chart.absent",
    "chart.original",
    "chart.this",
    "chart.class_change",
    "chart.budget",
    "chart.search_minutes",
    "chart.search_volume",
)

Spot = tuple[float, float]
NARROW_WIDTH = 360
"""Of a phone: words are placed for it, and where there is more room they only stand further apart."""
EDGE = 0.08
"""Of the band's height, free below it: for the marks of points under it."""


@dataclass(frozen=True, slots=True)
class View:
    """What the visitor wants to see of the chart."""

    near: bool = False
    """The band near the original only; what lies below stands at the edge."""
    bars: bool = False
    """All intervals; else those of the selected point and of the ones with words."""
    groups: bool = False
    """Which files are not distinguishable from the selected one."""


def pareto_chart(
    info: ParetoInfo,
    texts: Texts,
    *,
    labels: Mapping[int, str] | None = None,
    selected: int | None = None,
    view: View = View(),
    height: int = 540,
) -> go.Figure:
    """The trials of a study, its front, its budget. Clicks return customdata {"0": trial number, "1": card}.

    `labels` are words pinned to trials (pick, runner-up); `selected` gets a ring.
    """
    kx, across = drawing_scale(info.x, [p.x for p in info.points])
    ky, up = drawing_scale(info.y, [p.y for p in info.points])
    scales = kx, ky
    band = info.band if view.near else None
    below = info.below if band else ()
    shown = [p for p in info.points if band is None or p.y >= band[0]]
    log = logarithmic(info.x, [p.x for p in info.points])
    x_range = _x_range(info, kx, log)
    y_range = _y_range(info, band, ky)
    pinned = {
        point.number: (point, words)
        for number, words in (labels or {}).items()
        if (point := info.point(number))
    }
    chosen = None if selected is None else info.point(selected)
    few = [point for point, _ in pinned.values() if point not in below]
    few += [chosen] if chosen and chosen not in (*few, *below) else []

    data = [_front_line(info, scales), intervals(shown if view.bars else few, scales)]
    if chosen is not None:
        data.append(rings([chosen], ring(30), scales))
        data[-1]["y"] = [_at_edge(chosen, below, y_range, ky)]
        alike = [p for p in shown if p is not chosen and set(p.numbers) & set(chosen.alike)]
        if view.groups and alike:
            data.append(rings(alike, halo(26), scales, texts["chart.alike_selected"]))
    if repeated := [point for point in shown if point.seeds]:
        data.append(seed_marks(repeated, info, texts, scales))
    third = info.third.kind.scale if info.third else 1.0
    data += point_marks(shown, info, texts, scales, third, pinned)
    notes: list[Part] = []
    if below and y_range:
        data.append(edge_marks(below, _edge(y_range), info, texts, scales))
        notes.append(count_below(below, texts))
    if info.absent:
        data += _absent(info, texts, selected)
        notes.append(words_of_lane(texts, height))
    colored = info.third is not None and any(point.third is not None for point in shown)
    drawn = layout(info, texts, height, (across, up), x_range, y_range, log, colored)
    if colored:
        drawn["coloraxis"] = color_axis(info, shown, texts)
    if y_range:
        size = (NARROW_WIDTH - MARGIN["l"] - drawn["margin"]["r"], height - MARGIN["t"] - MARGIN["b"])
        at = _pixels(x_range, y_range, log, size)
        places = {n: at(p.x * kx, _at_edge(p, below, y_range, ky)) for n, (p, _) in pinned.items()}
        marks = [at(p.x * kx, p.y * ky) for p in shown if p.mark in ("front", "recommended", "baseline")]
        widths = [text_width(words, FONT_SIZE) for _, words in pinned.values()]
        away = place_words(list(places.values()), widths, marks, size)
        for (point, words), offset in zip(pinned.values(), away, strict=True):
            notes.append(_pin(point.x * kx, _at_edge(point, below, y_range, ky), words, offset, log))
    drawn["shapes"], limit_notes = limits(info, texts, scales, x_range, y_range, log)
    drawn["annotations"] = [*notes, *limit_notes]
    return go.Figure(data=data, layout=drawn)


def drawing_scale(axis: Figure, values: Sequence[float]) -> tuple[float, str]:
    """Factor and unit in which an axis is drawn: KB becomes MB, and K becomes M, from ten of them on."""
    kind, largest = axis.kind, max(values, default=0.0)
    larger = {"KB": "MB", "K": "M", "M": "G"}.get(kind.unit)
    if larger is not None and largest * kind.scale >= 10_000:
        return kind.scale / 1000, larger
    return kind.scale, kind.unit


def _x_range(info: ParetoInfo, kx: float, log: bool) -> Window | None:
    values = [p.x * kx for p in info.points]
    if not values:
        return None
    return window([*values, *([] if info.x_limit is None else [info.x_limit * kx])], log)


def _y_range(info: ParetoInfo, band: Window | None, ky: float) -> Window | None:
    """The band; else all points with their intervals, and the limit."""
    if band is not None:
        return y_window(info.y, (band[0] * ky, band[1] * ky), EDGE)
    if not info.points:
        return None
    limits = [] if info.y_limit is None else [info.y_limit]
    low = min(limits + [p.y_bounds[0] for p in info.points]) * ky
    return y_window(info.y, (low, max(limits + [p.y_bounds[1] for p in info.points]) * ky), EDGE)


def _edge(y_range: Window) -> float:
    return y_range[0] + 0.018 * (y_range[1] - y_range[0])


def _at_edge(point: Point, below: Sequence[Point], y_range: Window | None, ky: float) -> float:
    return _edge(y_range) if y_range and point in below else point.y * ky


def _pixels(x_range: Window | None, y_range: Window, log: bool, size: Spot) -> Callable[[float, float], Spot]:
    """From drawn values to pixels from the top left of the plot."""

    assert x_range is not None, "where one axis has values, both have"
    to = log10 if log else float
    left, right = map(to, x_range)

    def at(x: float, y: float) -> tuple[float, float]:
        high = (y_range[1] - y) / (y_range[1] - y_range[0])
        return (to(x) - left) / (right - left) * size[0], high * size[1]

    return at


def _front_line(info: ParetoInfo, scales: Scales) -> Part:
    on_front = [point for number in info.front if (point := info.point(number)) is not None]
    return {
        "type": "scatter",
        "x": [point.x * scales[0] for point in on_front],
        "y": [point.y * scales[1] for point in on_front],
        "mode": "lines",
        "line": {"color": faint(NEUTRAL), "width": 2, "shape": "hv"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _absent(info: ParetoInfo, texts: Texts, selected: int | None) -> list[Part]:
    """A lane under the chart: these trials have no values, so they stand outside of the axes."""
    place = next((i for i, item in enumerate(info.absent) if item.number == selected), None)
    ringed = {**rings([], ring(26), (1, 1)), "x": [place], "y": [0], "xaxis": "x2", "yaxis": "y2"}
    return [*([] if place is None else [ringed]), *absent_marks(info.absent, texts)]


def _pin(x: float, y: float, words: str, away: tuple[float, float], log: bool) -> Part:
    """Words `away` pixels from a point."""

    return {
        "x": log10(x) if log else x,
        "y": y,
        "text": f"<b>{escape(words)}</b>",
        "showarrow": True,
        "arrowhead": 0,
        "arrowwidth": 1.5,
        "arrowcolor": NEUTRAL,
        "ax": away[0],
        "ay": away[1],
        "standoff": 10,
        "font": {"size": FONT_SIZE},
    }
