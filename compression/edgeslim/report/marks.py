"""The marks of the chart as plotly's traces, each with the trial number that a click brings back."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from html import escape
from typing import Any

from edgeslim.report.palette import MARK_COLORS, NEUTRAL, faint, marker_of
from edgeslim.report.pareto import MARKS, Absent, Mark, ParetoInfo, Point
from edgeslim.studies.figures import FIGURES, Figure

Texts = Mapping[str, str]
Part = dict[str, Any]
"""A part of a figure, as plotly takes it."""
Scales = tuple[float, float]
"""What stored values are multiplied by to be drawn, across and up."""
MOST_NAMED = 8
"""Trials named on a hover card."""
STEADY = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
"""A click does not dim the others."""
HOVER = "%{customdata[1]}<extra></extra>"


def axis_name(figure: Figure, texts: Texts) -> str:
    """The figure's name in the language of the texts, or as it was declared."""
    return texts.get(f"axis.{figure.name}", figure.label)


def card(point: Point, info: ParetoInfo, texts: Texts) -> str:
    """The hover card of a point; titles are escaped, since people write them."""
    lines = [f"<b>#{point.number} {escape(point.title)}</b>"]
    for axis, value, bounds in ((info.y, point.y, point.y_bounds), (info.x, point.x, point.x_bounds)):
        line = f"{axis_name(axis, texts)}: <b>{axis.kind.text(value)}</b>"
        if bounds[0] != bounds[1]:
            what = f"{len(point.seeds)} {texts['chart.seeds']}" if point.seeds else texts["chart.interval"]
            line += f" ({what} {axis.kind.text(bounds[0])} … {axis.kind.text(bounds[1])})"
        lines.append(line)
    if info.third is not None and info.third not in (info.x, info.y):
        lines.append(f"{axis_name(info.third, texts)}: <b>{info.third.kind.text(point.third)}</b>")
    if point.int8_share is not None:
        share = FIGURES.get("int8_share")
        lines.append(f"{axis_name(share, texts)}: <b>{share.kind.text(point.int8_share)}</b>")
    if point.like_original:
        lines.append(texts["chart.like_original"])
    if point.alike:
        named = ", ".join(f"#{number}" for number in point.alike[:MOST_NAMED])
        more = " …" if len(point.alike) > MOST_NAMED else ""
        lines.append(f"{texts['chart.alike']} {named}{more}")
    lines.append(f"<i>{texts[f'mark.{point.mark}']}</i>")
    return "<br>".join(lines)


def point_marks(
    points: Sequence[Point],
    info: ParetoInfo,
    texts: Texts,
    scales: Scales,
    third: float,
    named: Container[int] = (),
) -> list[Part]:
    """The points by mark: single trials, repeated recipes (hollow), and those without a value of the third figure,
    which `third` scales. A mark whose points are all `named` beside them needs no entry in the legend."""
    traces = []
    for mark in reversed(MARKS):
        of_mark = [point for point in points if point.mark == mark]
        if any(point.number not in named for point in of_mark):
            traces.append(_legend(of_mark[0], mark, texts, scales))
        for repeated in (False, True):
            for measured in (False, True):
                group = [
                    p for p in of_mark if bool(p.seeds) is repeated and (p.third is not None) is measured
                ]
                if not group:
                    continue
                marker = marker_of(mark, hollow=repeated)
                if measured and mark != "over_budget":
                    marker |= {"color": [(p.third or 0.0) * third for p in group], "coloraxis": "coloraxis"}
                traces.append(_points(group, mark, marker, info, texts, scales))
    return traces


def edge_marks(below: Sequence[Point], low: float, info: ParetoInfo, texts: Texts, scales: Scales) -> Part:
    """Points under the part that is shown, at its edge."""
    trace = _points(below, "dominated", {}, info, texts, scales)
    colors = [MARK_COLORS[point.mark] for point in below]
    marker = {"symbol": "triangle-down", "size": 9, "color": colors}
    return {**trace, "y": [low] * len(below), "marker": marker}


def intervals(points: Sequence[Point], scales: Scales) -> Part:
    """The intervals of points, without their marks."""
    return {
        "type": "scatter",
        "x": [point.x * scales[0] for point in points],
        "y": [point.y * scales[1] for point in points],
        "mode": "markers",
        "marker": {"size": 1, "opacity": 0},
        "error_x": _error([(p.x, *p.x_bounds) for p in points], scales[0]),
        "error_y": _error([(p.y, *p.y_bounds) for p in points], scales[1]),
        "hoverinfo": "skip",
        "showlegend": False,
    }


def rings(
    around: Sequence[Point], marker: Mapping[str, object], scales: Scales, name: str | None = None
) -> Part:
    """Rings around points; with a name they are in the legend, at its end."""
    return {
        "type": "scatter",
        "name": name,
        "x": [point.x * scales[0] for point in around],
        "y": [point.y * scales[1] for point in around],
        "mode": "markers",
        "marker": dict(marker),
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": name is not None,
        "legendrank": len(MARKS),
    }


def seed_marks(repeated: Sequence[Point], info: ParetoInfo, texts: Texts, scales: Scales) -> Part:
    """The single results behind the points of repeated recipes, small and clickable."""
    single = [(point, seed) for point in repeated for seed in point.seeds]
    cards = [
        f"<b>#{seed.number} {escape(point.title)}</b><br>{axis_name(info.y, texts)}: "
        f"<b>{info.y.kind.text(seed.y)}</b><br><i>{texts['chart.seed']}</i>"
        for point, seed in single
    ]
    return {
        "type": "scatter",
        "name": texts["chart.seed"],
        "x": [seed.x * scales[0] for _, seed in single],
        "y": [seed.y * scales[1] for _, seed in single],
        "customdata": [[seed.number, text] for (_, seed), text in zip(single, cards, strict=True)],
        "hovertemplate": HOVER,
        "mode": "markers",
        "legendrank": len(MARKS),
        "marker": {"size": 6, "color": [MARK_COLORS[point.mark] for point, _ in single]},
        **STEADY,
    }


def absent_marks(absent: Sequence[Absent], texts: Texts) -> list[Part]:
    """Trials without values, side by side on the axes x2 and y2, in the order given."""
    places = {item.number: place for place, item in enumerate(absent)}
    traces = []
    for mark in MARKS:
        if group := [item for item in absent if item.mark == mark]:
            words = texts[f"mark.{mark}"]
            cards = [f"<b>#{item.number} {escape(item.title)}</b><br><i>{words}</i>" for item in group]
            traces.append(
                {
                    "type": "scatter",
                    "name": words,
                    "x": [places[item.number] for item in group],
                    "y": [0] * len(group),
                    "xaxis": "x2",
                    "yaxis": "y2",
                    "mode": "markers",
                    "legendrank": MARKS.index(mark),
                    "marker": marker_of(mark),
                    "customdata": [[item.number, text] for item, text in zip(group, cards, strict=True)],
                    "hovertemplate": HOVER,
                    **STEADY,
                }
            )
    return traces


def _legend(first: Point, mark: Mark, texts: Texts, scales: Scales) -> Part:
    """A mark's entry in the legend, whatever colours its points have: drawn once more under the first of them."""
    return {
        "type": "scatter",
        "name": texts[f"mark.{mark}"],
        "x": [first.x * scales[0]],
        "y": [first.y * scales[1]],
        "mode": "markers",
        "hoverinfo": "skip",
        "legendrank": MARKS.index(mark),
        "marker": marker_of(mark),
    }


def _points(
    group: Sequence[Point],
    mark: Mark,
    marker: dict[str, object],
    info: ParetoInfo,
    texts: Texts,
    scales: Scales,
) -> Part:
    dimmed = {"marker": {"opacity": marker.get("opacity", 1)}}
    return {
        "type": "scatter",
        "name": texts[f"mark.{mark}"],
        "x": [point.x * scales[0] for point in group],
        "y": [point.y * scales[1] for point in group],
        "customdata": [[point.number, card(point, info, texts)] for point in group],
        "hovertemplate": HOVER,
        "mode": "markers",
        "showlegend": False,
        "marker": marker,
        "cliponaxis": False,
        "selected": dimmed,
        "unselected": dimmed,
    }


def _error(values: Sequence[tuple[float, float, float]], scale: float) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, high - value) * scale for value, _, high in values],
        "arrayminus": [max(0.0, value - low) * scale for value, low, _ in values],
        "color": faint(NEUTRAL),
        "thickness": 1.5,
        "width": 4,
        "visible": any(low != high for _, low, high in values),
    }
