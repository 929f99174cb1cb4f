"""The marks of the chart, each with the trial number that a click brings back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from edgeslim.report.palette import MARK_COLORS, faint, marker_of
from edgeslim.report.pareto import MARKS, Mark, ParetoInfo, Point
from edgeslim.studies.figures import Figure

Texts = Mapping[str, str]
MOST_NAMED = 8
"""Trials named on a hover card."""
MANY = 30
"""From so many points on, only those that matter show their intervals; the others' are on their hover cards."""


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
    if point.like_original:
        lines.append(texts["chart.like_original"])
    if point.alike:
        named = ", ".join(f"#{number}" for number in point.alike[:MOST_NAMED])
        more = " …" if len(point.alike) > MOST_NAMED else ""
        lines.append(f"{texts['chart.alike']} {named}{more}")
    lines.append(f"<i>{texts[f'mark.{point.mark}']}</i>")
    return "<br>".join(lines)


def point_marks(
    group: Sequence[Point],
    mark: Mark,
    info: ParetoInfo,
    texts: Texts,
    kx: float,
    ky: float,
    *,
    in_legend: bool = True,
) -> go.Scatter:
    """Points of one mark, all of single trials or all of repeated recipes, whose marks are hollow."""
    color = MARK_COLORS[mark]
    intervals = len(info.points) < MANY or mark in ("front", "baseline")
    return go.Scatter(
        name=texts[f"mark.{mark}"],
        x=[point.x * kx for point in group],
        y=[point.y * ky for point in group],
        customdata=[[point.number, card(point, info, texts)] for point in group],
        hovertemplate="%{customdata[1]}<extra></extra>",
        mode="markers",
        legendrank=MARKS.index(mark),
        showlegend=in_legend,
        marker=marker_of(mark, hollow=bool(group[0].seeds)),
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        error_x=_error([(p.x, *p.x_bounds) for p in group], kx, color) if intervals else None,
        error_y=_error([(p.y, *p.y_bounds) for p in group], ky, color) if intervals else None,
    )


def draw_rings(
    figure: go.Figure,
    around: Sequence[Point],
    marker: Mapping[str, object],
    kx: float,
    ky: float,
    name: str | None = None,
) -> None:
    """Rings around points; with a name they are in the legend, at its end."""
    if around:
        figure.add_scatter(
            name=name,
            x=[point.x * kx for point in around],
            y=[point.y * ky for point in around],
            mode="markers",
            marker=marker,
            hoverinfo="skip",
            showlegend=name is not None,
            legendrank=len(MARKS),
        )


def draw_seeds(
    figure: go.Figure, repeated: Sequence[Point], info: ParetoInfo, texts: Texts, kx: float, ky: float
) -> None:
    """The single results behind the points of repeated recipes, small and clickable."""
    single = [(point, seed) for point in repeated for seed in point.seeds]
    if single:
        cards = [
            f"<b>#{seed.number} {escape(point.title)}</b><br>{axis_name(info.y, texts)}: "
            f"<b>{info.y.kind.text(seed.y)}</b><br><i>{texts['chart.seed']}</i>"
            for point, seed in single
        ]
        figure.add_scatter(
            name=texts["chart.seed"],
            x=[seed.x * kx for _, seed in single],
            y=[seed.y * ky for _, seed in single],
            customdata=[[seed.number, text] for (_, seed), text in zip(single, cards, strict=True)],
            hovertemplate="%{customdata[1]}<extra></extra>",
            mode="markers",
            legendrank=len(MARKS),
            marker={"size": 6, "color": [MARK_COLORS[point.mark] for point, _ in single]},
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )


def _error(values: Sequence[tuple[float, float, float]], scale: float, color: str) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, high - value) * scale for value, _, high in values],
        "arrayminus": [max(0.0, value - low) * scale for value, low, _ in values],
        "color": faint(color),
        "thickness": 1.5,
        "width": 4,
        "visible": any(low != high for _, low, high in values),
    }
