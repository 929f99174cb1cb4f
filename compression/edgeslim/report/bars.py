"""The bar chart beside a chosen trial: what each class gained or lost."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from edgeslim.report.info import ClassRow
from edgeslim.report.marks import Texts
from edgeslim.report.palette import FONT_SIZE, GAIN, LOSS, NEUTRAL
from edgeslim.units import format_change, format_points


def class_chart(rows: Sequence[ClassRow], texts: Texts) -> go.Figure:
    """What each class gained or lost, in points, the worst at the top."""
    changes = [row.change * 100 for row in rows]
    figure = go.Figure(
        go.Bar(
            y=[row.label for row in rows],
            x=changes,
            orientation="h",
            marker={"color": [GAIN if change >= 0 else LOSS for change in changes]},
            text=[format_change(row.change) for row in rows],
            textposition="outside",
            cliponaxis=False,
            customdata=[
                f"{escape(row.label)}: {format_points(row.original)} → {format_points(row.value)}"
                for row in rows
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    reach = max((abs(change) for change in changes), default=1.0) or 1.0
    figure.update_layout(
        height=70 + 32 * len(rows),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        font={"size": FONT_SIZE},
    )
    low = -1.35 * reach if min(changes, default=0.0) < 0 else -0.05 * reach
    high = 1.35 * reach if max(changes, default=0.0) > 0 else 0.05 * reach
    figure.update_xaxes(
        range=[low, high],
        title={"text": texts["chart.class_change"], "font": {"size": FONT_SIZE - 1}},
        zerolinecolor=NEUTRAL,
    )
    figure.update_yaxes(
        type="category",
        autorange="reversed",
        automargin=True,
        tickfont={"size": FONT_SIZE - 1},
    )
    return figure
