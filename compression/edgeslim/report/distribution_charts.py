"""What a class predicted, drawn: both rounds beside each other, and what is true."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import cast

import plotly.graph_objects as go

from edgeslim.report.distribution import Distribution
from edgeslim.report.palette import ACCENT, BUDGET_COLOR, FONT_SIZE, NEUTRAL, faint

COLORS = (NEUTRAL, ACCENT)
"""Of the two rounds."""
OPTION, FLAT = 74, 320
"""Pixels of an option, and of a chart over numbers."""


def distribution_chart(
    found: Distribution,
    words: Mapping[str, str],
    rounds: Sequence[str],
    axis: str,
    places: Sequence[float | str] = (),
    *,
    scale: float = 1.0,
    large: bool = False,
) -> go.Figure:
    """`words` name the options, 'answers' and 'truth'; `places` are where a curve has its heights.

    Numbers are drawn times `scale`.
    """
    figure = go.Figure()
    if found.options:
        _options(figure, found, words, rounds)
    elif found.edges:
        _numbers(figure, found, words, rounds, axis, scale)
    else:
        _curves(figure, found, words, rounds, axis, places, scale)
    size = FONT_SIZE + (10 if large else 0)
    height = (OPTION * len(found.options) + 70) if found.options else FLAT
    figure.update_layout(
        height=int(height * (1.5 if large else 1)),
        margin={"l": 0, "r": 10, "t": 10, "b": 0},
        dragmode=False,
        font={"size": size},
        bargap=0.25,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "traceorder": "normal",
            "font": {"size": size},
        },
        showlegend=sum(each.answers > 0 for each in found.rounds) > 1 or not found.options,
    )
    axes = {"fixedrange": True, "zeroline": False, "automargin": True, "tickfont": {"size": size}}
    figure.update_xaxes(axes, title_font_size=size)
    figure.update_yaxes(axes, title_font_size=size)
    return figure


def _options(figure: go.Figure, found: Distribution, words: Mapping[str, str], rounds: Sequence[str]) -> None:
    labels = [
        "<br>".join(_lines(f"✓ {words[one]}" if one == found.truth else words[one])) for one in found.options
    ]
    for number, each in enumerate(found.rounds):
        if each.answers:
            figure.add_bar(
                y=labels,
                x=each.counts,
                orientation="h",
                name=rounds[number],
                text=[str(count) for count in each.counts],
                textposition="outside",
                cliponaxis=False,
                marker={"color": COLORS[number]},
                hovertemplate="%{y}: %{x}<extra>%{fullData.name}</extra>",
            )
    most = max((count for each in found.rounds for count in each.counts), default=0)
    figure.update_xaxes(visible=False, range=[0, max(1, most) * 1.12])
    figure.update_yaxes(autorange="reversed", categoryorder="array", categoryarray=labels)
    figure.update_layout(barmode="group")


def _lines(label: str) -> list[str]:
    """So short that bars have room beside them on a phone; Chinese has no spaces to break at, and wider letters."""
    wide = any(ord(letter) > 0x2E80 for letter in label)
    return textwrap.wrap(label, 12 if wide else 22) or [label]


def _numbers(
    figure: go.Figure,
    found: Distribution,
    words: Mapping[str, str],
    rounds: Sequence[str],
    axis: str,
    scale: float,
) -> None:
    centres = [scale * (low + high) / 2 for low, high in zip(found.edges[:-1], found.edges[1:], strict=True)]
    for number, each in enumerate(found.rounds):
        if each.answers:
            figure.add_bar(
                x=centres,
                y=each.counts,
                name=rounds[number],
                marker={"color": COLORS[number]},
                hovertemplate="%{x:.3~g}: %{y}<extra>%{fullData.name}</extra>",
            )
    if isinstance(found.truth, float):
        most = max((count for each in found.rounds for count in each.counts), default=1)
        figure.add_scatter(
            x=[scale * found.truth] * 2,
            y=[0, max(1, most) * 1.08],
            mode="lines",
            name=words["truth"],
            line={"color": BUDGET_COLOR, "width": 4, "dash": "dash"},
            hovertemplate="%{x:.3~g}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title=axis, range=[scale * found.edges[0], scale * found.edges[-1]])
    highest = max((count for each in found.rounds for count in each.counts), default=1)
    # Nobody answers by halves.
    step = max(1, math.ceil(highest / 5))
    figure.update_yaxes(title=words["answers"], rangemode="tozero", tickformat="d", dtick=step)


def _curves(
    figure: go.Figure,
    found: Distribution,
    words: Mapping[str, str],
    rounds: Sequence[str],
    axis: str,
    places: Sequence[float | str],
    scale: float,
) -> None:
    for number, each in enumerate(found.rounds):
        if not each.curves:
            continue
        low, middle, high = ([scale * value for value in curve] for curve in each.curves)
        band = {"color": faint(COLORS[number]), "width": 0}
        figure.add_scatter(x=places, y=low, mode="lines", line=band, showlegend=False, hoverinfo="skip")
        figure.add_scatter(
            x=places,
            y=high,
            mode="lines",
            line=band,
            fill="tonexty",
            fillcolor=faint(COLORS[number]).replace("0.55", "0.18"),
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=places,
            y=middle,
            mode="lines+markers",
            name=rounds[number],
            line={"color": COLORS[number], "width": 3},
            hovertemplate="%{x}: %{y:.3~g}<extra>%{fullData.name}</extra>",
        )
    if found.truth is not None:
        figure.add_scatter(
            x=places,
            y=[scale * value for value in cast(tuple[float, ...], found.truth)],
            mode="lines+markers",
            name=words["truth"],
            line={"color": BUDGET_COLOR, "width": 4, "dash": "dash"},
            hovertemplate="%{x}: %{y:.3~g}<extra>%{fullData.name}</extra>",
        )
    figure.update_yaxes(title=axis)
