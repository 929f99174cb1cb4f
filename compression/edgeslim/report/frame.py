"""The frame of the chart of a study, as plotly's layout: axes, margins, colours, and words beside the marks."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from edgeslim.report.marks import Part, Scales, Texts, axis_name
from edgeslim.report.palette import BUDGET_COLOR, FONT_SIZE, SCALE
from edgeslim.report.pareto import ParetoInfo, Point
from edgeslim.report.window import Window, ticks
from edgeslim.studies.figures import Figure

LANE, BELOW_AXIS = 30, 56
"""Pixels: the lane that holds trials without a place on the axes, and the x axis' ticks and title above it."""
MARGIN = {"l": 62, "r": 44, "t": 50, "b": 54, "autoexpand": False}
"""Room for the legend above and plotly's buttons at the right: the plot keeps its place whatever the legend says."""
COLOR_BAR = 54
"""Pixels that a colour bar takes at the right."""
MOST_BELOW = 5
"""Points under the band that are named."""


def layout(
    info: ParetoInfo,
    texts: Texts,
    height: int,
    units: tuple[str, str],
    x_range: Window | None,
    y_range: Window | None,
    log: bool,
    colored: bool,
) -> Part:
    plot = height - MARGIN["t"] - MARGIN["b"]
    bottom = (LANE + BELOW_AXIS) / plot if info.absent else 0.0
    x_axis, y_axis = (
        _axis(figure, texts, unit) for figure, unit in zip((info.x, info.y), units, strict=True)
    )
    x_axis |= {"anchor": "y"}
    if x_range and log:
        values = ticks(x_range)
        x_axis |= {"type": "log", "range": [log10(value) for value in x_range]}
        x_axis |= {"tickvals": values, "ticktext": [f"{value:g}" for value in values], "tickangle": 0}
    elif x_range:
        x_axis["range"] = list(x_range)
    y_axis |= {"domain": [bottom, 1], "range": list(y_range) if y_range else None}
    hidden = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "fixedrange": True,
        "showline": False,
    }  # fmt: skip
    lane = {
        "xaxis2": {**hidden, "anchor": "y2", "range": [-1, max(8, len(info.absent)) + 1]},
        "yaxis2": {**hidden, "anchor": "x2", "domain": [0, LANE / plot], "range": [-1, 1]},
    }
    return {
        "height": height,
        "margin": {**MARGIN, "r": MARGIN["r"] + COLOR_BAR * colored},
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "font": {"size": FONT_SIZE - 1}},
        "legend": {
            "orientation": "h",
            "yref": "container",  # from the top down: on a phone its rows may reach into the plot, none is cut off
            "y": 1,
            "yanchor": "top",
            "x": 0,
            "font": {"size": FONT_SIZE - 3},
        },
        "modebar": {"orientation": "v", "bgcolor": "rgba(0,0,0,0)"},
        "font": {"size": FONT_SIZE},
        "xaxis": x_axis,
        "yaxis": y_axis,
        **(lane if info.absent else {}),
    }


def _axis(axis: Figure, texts: Texts, unit: str) -> Part:
    name = axis_name(axis, texts)
    return {
        "title": {
            "text": f"{name} ({unit})" if unit else name,
            "font": {"size": FONT_SIZE, "weight": 600},
            "standoff": 6,
        },
        "tickfont": {"size": FONT_SIZE - 1},
        "zeroline": False,
        "automargin": False,
    }


def color_axis(info: ParetoInfo, shown: Sequence[Point], texts: Texts) -> Part:
    """The colours of the third figure: what is better is blue."""
    assert info.third is not None
    kind = info.third.kind
    values = [point.third * kind.scale for point in shown if point.third is not None]
    colors = SCALE if info.third.cost else SCALE[::-1]
    return {
        "colorscale": [[place / (len(colors) - 1), color] for place, color in enumerate(colors)],
        "cmin": min(values),
        "cmax": max(values) if max(values) > min(values) else min(values) + 1,
        "colorbar": {
            "title": {
                "text": axis_name(info.third, texts) + (f" ({kind.unit})" if kind.unit else ""),
                "side": "right",
                "font": {"size": FONT_SIZE - 2},
            },
            "tickfont": {"size": FONT_SIZE - 3},
            "nticks": 5,
            "thickness": 10,
            "x": 1.01,
            "y": 0,
            "len": 0.7,
            "yanchor": "bottom",
            "outlinewidth": 0,
        },
    }


def words_of_lane(texts: Texts, height: int) -> Part:
    return {
        "text": texts["chart.absent"],
        "xref": "paper",
        "yref": "paper",
        "x": 1,
        "y": LANE / 2 / (height - MARGIN["t"] - MARGIN["b"]),
        "xanchor": "right",
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": FONT_SIZE - 2},
    }


def count_below(below: Sequence[Point], texts: Texts) -> Part:
    named = " ".join(f"#{point.number}" for point in below[:MOST_BELOW])
    more = " …" if len(below) > MOST_BELOW else ""
    return {
        "text": f"{len(below)} {texts['chart.below']}{named}{more}",
        "xref": "x domain",
        "yref": "y domain",
        "x": 1,
        "y": 0.035,
        "xanchor": "right",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": FONT_SIZE - 2},
    }


def limits(
    info: ParetoInfo, texts: Texts, scales: Scales, x_range: Window | None, y_range: Window | None, log: bool
) -> tuple[list[Part], list[Part]]:
    """The budget as dashed lines, with its name; a limit outside of what is shown has none."""
    line = {"type": "line", "line": {"color": BUDGET_COLOR, "width": 2, "dash": "dash"}}
    name = {
        "text": texts["chart.budget"],
        "showarrow": False,
        "font": {"size": FONT_SIZE - 2, "color": BUDGET_COLOR},
    }
    shapes, notes = [], []
    if info.x_limit is not None and x_range:
        x = info.x_limit * scales[0]
        shapes.append({**line, "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain"})
        at = log10(x) if log else x
        notes.append({**name, "x": at, "y": 1, "yref": "y domain", "xanchor": "left", "yanchor": "top"})
    if info.y_limit is not None and y_range and y_range[0] <= info.y_limit * scales[1] <= y_range[1]:
        y = info.y_limit * scales[1]
        shapes.append({**line, "y0": y, "y1": y, "x0": 0, "x1": 1, "xref": "x domain"})
        notes.append({**name, "x": 1, "xref": "x domain", "y": y, "xanchor": "right", "yanchor": "top"})
    return shapes, notes
