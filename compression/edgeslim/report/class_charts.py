"""AP of each class or size in two files: a line from the one to the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from edgeslim.analysis.parts import PartRow
from edgeslim.report.palette import ACCENT, FONT_SIZE, LOSS, NEUTRAL
from edgeslim.units import format_change, format_interval

ROW = 40
"""Pixels of a class."""


def parts_chart(rows: Sequence[PartRow], titles: Mapping[str, str], sides: tuple[str, str]) -> go.Figure:
    """Points of 100; the change with its interval in words. What holds after Holm's correction is bold and coloured.

    Marks carry the row's name.
    """
    known = [row for row in rows if row.change.before is not None and row.change.after is not None]
    places = list(range(len(known)))
    first = [100 * (row.change.before or 0.0) for row in known]
    second = [100 * (row.change.after or 0.0) for row in known]
    colors = [_color(row) for row in known]
    figure = go.Figure()
    for place, row in enumerate(known):
        figure.add_scatter(
            x=[first[place], second[place]],
            y=[place, place],
            mode="lines",
            line={"color": colors[place], "width": 5 if row.holds else 2},
            showlegend=False,
            hoverinfo="skip",
        )
    marks = (("circle-open", [NEUTRAL] * len(known), first), ("circle", colors, second))
    for name, (symbol, color, values) in zip(sides, marks, strict=True):
        figure.add_scatter(
            x=values,
            y=places,
            mode="markers",
            name=name,
            customdata=[[row.name] for row in known],
            text=[titles[row.name] for row in known],
            marker={"symbol": symbol, "size": 13, "color": color, "line": {"width": 2.5}},
            hovertemplate="%{text}: %{x:.1f}<extra>%{fullData.name}</extra>",
        )
    notes = [
        {
            "x": 1.01,
            "xref": "paper",
            "y": place,
            "text": f"<b>{_change(row)} *</b>" if row.holds else _change(row),
            "xanchor": "left",
            "showarrow": False,
            "align": "left",
        }
        for place, row in enumerate(known)
    ]
    figure.update_layout(
        annotations=notes,
        height=90 + ROW * len(known),
        margin={"l": 0, "r": 150, "t": 34, "b": 0},
        dragmode=False,
        font={"size": FONT_SIZE - 2},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
    )
    figure.update_xaxes(range=[-2, 102], fixedrange=True, zeroline=False)
    figure.update_yaxes(
        tickvals=places,
        ticktext=[titles[row.name] for row in known],
        range=[len(known) - 0.4, -0.6],
        fixedrange=True,
        automargin=True,
        zeroline=False,
    )
    return figure


def _color(row: PartRow) -> str:
    if not row.holds:
        return NEUTRAL
    return LOSS if (row.change.difference or 0.0) < 0 else ACCENT


def _change(row: PartRow) -> str:
    change = format_change(row.change.difference)
    return (
        change if row.change.ci95 is None else f"{change} ({format_interval(row.change.ci95, signed=True)})"
    )
