"""The league's chart: everybody's files by size and quality, the budget, and the front."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import log10

import plotly.graph_objects as go

from edgeslim.report.palette import ACCENT, BUDGET_COLOR, FONT_SIZE, LOSS, NEUTRAL
from edgeslim.report.window import ticks
from edgeslim.studies.pareto import front
from edgeslim.units import format_bytes, format_points


def league_chart(
    files: Mapping[str, tuple[int, float, tuple[float, float] | None]],
    budget: int,
    mine: frozenset[str],
    words: Mapping[str, str],
    *,
    large: bool = False,
) -> go.Figure:
    """`files` by name: bytes, quality (share of 1) with its interval; `mine` are the reader's own. `large`: to project.

    `words`: size, quality, budget, front, original: the last is the name of one of the files.
    """
    figure, size_of_words = go.Figure(), FONT_SIZE + (10 if large else 0)
    names = list(files)
    points = [(size, value) for size, value, _ in files.values()]
    best = sorted(front(points, ("minimize", "maximize"))) if points else []
    steps = sorted(points[index] for index in best)
    figure.add_scatter(
        x=[size for size, _ in steps],
        y=[100 * value for _, value in steps],
        mode="lines",
        line={"shape": "hv", "color": ACCENT, "width": 2},
        name=words["front"],
        hoverinfo="skip",
    )
    ends = [(bounds or (value, value)) for _, value, bounds in files.values()]
    figure.add_scatter(
        x=[size for size, _ in points],
        y=[100 * value for _, value in points],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [100 * (high - value) for (_, value), (_, high) in zip(points, ends, strict=True)],
            "arrayminus": [100 * (value - low) for (_, value), (low, _) in zip(points, ends, strict=True)],
            "thickness": 1,
            "width": 3,
            "color": NEUTRAL,
        },
        mode="markers+text",  # nobody points at a projected chart: the file that all began with is named
        text=[escape(name) if name == words["original"] else "" for name in names],
        textposition="top center",
        marker={
            "size": [14 if name in mine else 9 for name in names],
            "symbol": ["star" if name in mine else "circle" for name in names],
            "color": [ACCENT if size <= budget else LOSS for size, _ in points],
        },
        customdata=[
            f"{escape(name)}<br>{format_bytes(size)} · {format_points(value)}"
            for name, (size, value) in zip(names, points, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    figure.add_vline(x=budget, line={"color": BUDGET_COLOR, "dash": "dash", "width": 2})
    figure.add_annotation(
        x=log10(budget),
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"{words['budget']} {format_bytes(budget)}",
        showarrow=False,
        font={"size": size_of_words - 2, "color": BUDGET_COLOR},
    )
    figure.update_layout(
        height=640 if large else 380,
        margin={"l": 64, "r": 16, "t": 34, "b": 54},
        dragmode=False,
        showlegend=False,
        font={"size": size_of_words},
    )
    sizes = [budget, *(size for size, _ in points)]
    low, high = min(sizes) / 1.3, max(sizes) * 1.3
    marks = ticks((low, high))
    marks = marks[:: 1 + len(marks) // 6]  # on a phone, more of them run into each other
    figure.update_xaxes(
        title=words["size"],
        type="log",
        range=[log10(low), log10(high)],
        tickvals=marks,
        ticktext=[format_bytes(mark) for mark in marks],
        tickangle=0,
    )
    figure.update_yaxes(title=words["quality"])
    if large:
        for axis in (figure.update_xaxes, figure.update_yaxes):
            axis(tickfont={"size": size_of_words}, title_font_size=size_of_words, automargin=True)
    return figure
