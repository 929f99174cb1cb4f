"""Plain data → plotly figures. Every clickable mark carries its trial number.

Words come from the caller: `texts` maps each key in TEXTS to words of the screen's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from edgeslim.report.marks import Texts, axis_name, draw_rings, draw_seeds, point_marks
from edgeslim.report.palette import BUDGET_COLOR, FONT_SIZE, MARK_COLORS, NEUTRAL, halo, marker_of, ring
from edgeslim.report.pareto import MARKS, Absent, ParetoInfo, Point
from edgeslim.studies.figures import Figure, axes
from edgeslim.units import POINTS, SHARE

TEXTS: tuple[str, ...] = (
    *(f"axis.{figure.name}" for figure in axes()),
    *(f"mark.{mark}" for mark in MARKS),
    "chart.interval",
    "chart.like_original",
    "chart.alike",
    "chart.alike_selected",
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

LANE, BELOW_AXIS = 30, 76
"""Pixels: the lane that holds trials without a place on the axes, and the x axis' ticks and title above it."""


def pareto_chart(
    info: ParetoInfo,
    texts: Texts,
    *,
    labels: Mapping[int, str] | None = None,
    selected: int | None = None,
    close_up: bool = False,
    height: int = 540,
) -> go.Figure:
    """The trials of a study, its front, its budget. Clicks return customdata {"0": trial number, "1": card}.

    `labels` are words pinned to trials (pick, runner-up); `selected` gets a ring; `close_up` limits the y
    axis to the front and the original, so that collapsed trials do not flatten the rest; without a front it
    limits nothing.
    """
    close_up = close_up and bool(info.front)
    figure = go.Figure()
    scales = (
        drawing_scale(info.x, [p.x for p in info.points]),
        drawing_scale(info.y, [p.y for p in info.points]),
    )
    kx, ky = scales[0][0], scales[1][0]
    on_front = [point for number in info.front if (point := info.point(number)) is not None]
    figure.add_scatter(
        x=[point.x * kx for point in on_front],
        y=[point.y * ky for point in on_front],
        mode="lines",
        line={"color": MARK_COLORS["front"], "width": 2, "shape": "hv"},
        hoverinfo="skip",
        showlegend=False,
    )
    if selected is not None and (chosen := info.point(selected)) is not None:
        draw_rings(figure, [chosen], ring(30), kx, ky)
        alike = [p for p in info.points if p is not chosen and set(p.numbers) & set(chosen.alike)]
        draw_rings(figure, alike, halo(26), kx, ky, texts["chart.alike_selected"])
    draw_seeds(figure, [point for point in info.points if point.seeds], info, texts, kx, ky)
    for mark in reversed(MARKS):
        group = [point for point in info.points if point.mark == mark]
        single, repeated = ([p for p in group if bool(p.seeds) is several] for several in (False, True))
        if single:
            figure.add_trace(point_marks(single, mark, info, texts, kx, ky))
        if repeated:
            figure.add_trace(point_marks(repeated, mark, info, texts, kx, ky, in_legend=not single))
    if info.absent:
        _draw_absent(figure, info.absent, texts, selected, LANE / height)
    _draw_limits(figure, info, texts, kx, ky)
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        dragmode=False,
        hovermode="closest",
        hoverlabel={"align": "left", "font": {"size": FONT_SIZE - 1}},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": FONT_SIZE - 1}},
        font={"size": FONT_SIZE},
    )
    bottom = (LANE + BELOW_AXIS) / height if info.absent else 0.0
    figure.update_xaxes(selector={"matches": None}, automargin=True)
    figure.layout.xaxis.update(_axis(info.x, texts, scales[0][1]), anchor="y", rangemode="tozero")
    figure.layout.yaxis.update(_axis(info.y, texts, scales[1][1]), domain=[bottom, 1])
    figure.update_traces(cliponaxis=close_up, selector={"mode": "markers"})
    seen = [p for p in info.points if not close_up or p.mark in ("front", "baseline")]
    reach = _reach(seen, info.y, info.y_limit, ky)
    if reach is not None:
        figure.layout.yaxis.range = reach
        for place, (number, words) in enumerate((labels or {}).items()):
            if (point := info.point(number)) is not None:
                high_up = point.y * ky > reach[0] + 0.85 * (reach[1] - reach[0])
                _pin(
                    figure,
                    point,
                    words,
                    kx,
                    ky,
                    (36 if place % 2 == 0 else -36, 46 if high_up else -46),
                )
    return figure


def _reach(
    shown: Sequence[Point], axis: Figure, limit: float | None, scale: float
) -> tuple[float, float] | None:
    """The y axis' range: all that is shown with its intervals, the limit, and room above for words; never
    beyond 100 %."""
    if not shown:
        return None
    limits = [] if limit is None else [limit]
    low = min(limits + [p.y_bounds[0] for p in shown]) * scale
    high = max(limits + [p.y_bounds[1] for p in shown]) * scale
    room = (high - low) or abs(high) or 1.0
    top = high + 0.2 * room
    if axis.kind in (POINTS, SHARE) and high <= 100:
        top = min(top, 100 + 0.03 * room)
    return low - 0.08 * room, top


def drawing_scale(axis: Figure, values: Sequence[float]) -> tuple[float, str]:
    """Factor and unit in which an axis is drawn: KB becomes MB, and K becomes M, from ten of them on."""
    kind, largest = axis.kind, max(values, default=0.0)
    larger = {"KB": "MB", "K": "M", "M": "G"}.get(kind.unit)
    if larger is not None and largest * kind.scale >= 10_000:
        return kind.scale / 1000, larger
    return kind.scale, kind.unit


def _draw_absent(
    figure: go.Figure,
    absent: Sequence[Absent],
    texts: Texts,
    selected: int | None,
    lane: float,
) -> None:
    """A lane under the chart: these trials have no values, so they stand outside of the axes."""
    places = {item.number: place for place, item in enumerate(absent)}
    if selected in places:
        figure.add_scatter(
            x=[places[selected]],
            y=[0],
            xaxis="x2",
            yaxis="y2",
            mode="markers",
            marker=ring(26),
            hoverinfo="skip",
            showlegend=False,
        )
    for mark in MARKS:
        group = [item for item in absent if item.mark == mark]
        if group:
            figure.add_scatter(
                name=texts[f"mark.{mark}"],
                x=[places[item.number] for item in group],
                y=[0] * len(group),
                xaxis="x2",
                yaxis="y2",
                mode="markers",
                legendrank=MARKS.index(mark),
                marker=marker_of(mark),
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 1}},
                customdata=[
                    [
                        item.number,
                        f"<b>#{item.number} {escape(item.title)}</b><br><i>{texts[f'mark.{mark}']}</i>",
                    ]
                    for item in group
                ],
                hovertemplate="%{customdata[1]}<extra></extra>",
            )
    hidden = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "fixedrange": True,
        "showline": False,
    }
    figure.update_layout(
        xaxis2={**hidden, "anchor": "y2", "range": [-1, max(8, len(absent)) + 1]},
        yaxis2={**hidden, "anchor": "x2", "domain": [0, lane], "range": [-1, 1]},
    )
    figure.add_annotation(
        text=texts["chart.absent"],
        xref="paper",
        yref="paper",
        x=1,
        y=lane / 2,
        xanchor="right",
        yanchor="middle",
        showarrow=False,
        font={"size": FONT_SIZE - 2},
    )


def _draw_limits(figure: go.Figure, info: ParetoInfo, texts: Texts, kx: float, ky: float) -> None:
    style = {
        "line": {"color": BUDGET_COLOR, "width": 2, "dash": "dash"},
        "annotation": {
            "text": texts["chart.budget"],
            "font": {"size": FONT_SIZE - 2, "color": BUDGET_COLOR},
        },
    }
    if info.x_limit is not None:
        figure.add_vline(x=info.x_limit * kx, annotation_position="top right", **style)
        figure.layout.xaxis.autorangeoptions.include = info.x_limit * kx
    if info.y_limit is not None:
        figure.add_hline(y=info.y_limit * ky, annotation_position="bottom right", **style)


def _pin(figure: go.Figure, point: Point, words: str, kx: float, ky: float, away: tuple[int, int]) -> None:
    """Words `away` pixels from a point: above it where there is room, since nothing beats the front."""
    figure.add_annotation(
        x=point.x * kx,
        y=point.y * ky,
        text=f"<b>{escape(words)}</b>",
        showarrow=True,
        arrowhead=0,
        arrowwidth=1.5,
        arrowcolor=NEUTRAL,
        ax=away[0],
        ay=away[1],
        standoff=10,
        font={"size": FONT_SIZE},
    )


def _axis(axis: Figure, texts: Texts, unit: str) -> dict[str, object]:
    name = axis_name(axis, texts)
    return {
        "title": {
            "text": f"{name} ({unit})" if unit else name,
            "font": {"size": FONT_SIZE, "weight": 600},
        },
        "tickfont": {"size": FONT_SIZE - 1},
        "zeroline": False,
        "fixedrange": False,
        "automargin": True,
    }
