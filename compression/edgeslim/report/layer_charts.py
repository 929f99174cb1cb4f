"""A layer's weights, drawn: their distribution, singular values, range by channel, and how alike channels are.

Of two files the first is drawn in grey, behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from edgeslim.analysis.layer_weights import LayerWeights
from edgeslim.report.palette import ACCENT, FONT_SIZE, NEUTRAL

COLORS = (NEUTRAL, ACCENT)
HEIGHT = 300
Named = Mapping[str, LayerWeights]
"""By the name of the file, in the order of drawing: at most two."""
Words = Mapping[str, str]


def distribution_chart(files: Named, words: Words) -> go.Figure:
    """The share of the weights in each of equal bins."""
    figure = go.Figure()
    for (name, weights), color in zip(files.items(), _colors(files), strict=True):
        found = weights.histogram
        width = (found.high - found.low) / len(found.counts) or 1.0
        total = sum(found.counts)
        edges = [found.low + width * k for k in range(len(found.counts) + 1)]
        shares = [100 * count / total for count in found.counts]
        figure.add_scatter(
            x=edges,
            y=[*shares, shares[-1]],
            name=name,
            mode="lines",
            line={"shape": "hv", "color": color, "width": 2.5},
            hovertemplate="%{x:.3g}: %{y:.2f} %<extra></extra>",
        )
    return _styled(figure, words["value"], words["share"])


def singular_chart(files: Named, words: Words) -> go.Figure:
    """Singular values relative to the largest, falling."""
    figure = go.Figure()
    for (name, weights), color in zip(files.items(), _colors(files), strict=True):
        largest = max(weights.singular[0], 1e-30) if weights.singular else 1.0
        figure.add_scatter(
            x=list(weights.ranks),
            y=[value / largest for value in weights.singular],
            name=name,
            mode="lines+markers" if len(weights.ranks) < 40 else "lines",
            line={"color": color, "width": 2.5},
            hovertemplate="%{x}: %{y:.3f}<extra></extra>",
        )
    return _styled(figure, words["rank"], words["singular"])


def range_chart(files: Named, words: Words) -> go.Figure:
    """The least and the largest weight of each output channel, as a bar between them."""
    figure = go.Figure()
    for (name, weights), color in zip(files.items(), _colors(files), strict=True):
        figure.add_bar(
            x=list(weights.at),
            base=list(weights.low),
            y=[high - low for low, high in zip(weights.low, weights.high, strict=True)],
            name=name,
            marker={"color": color, "line": {"width": 0}},
            opacity=0.8,
            customdata=list(zip(weights.low, weights.high, strict=True)),
            hovertemplate="%{x}: %{customdata[0]:.3g} … %{customdata[1]:.3g}<extra></extra>",
        )
    figure.update_layout(barmode="overlay", bargap=0.15)
    return _styled(figure, words["channel"], words["value"])


def cosine_chart(files: Named, words: Words) -> go.Figure:
    """The cosine of each channel to the one most like it, the most alike first."""
    figure = go.Figure()
    for (name, weights), color in zip(files.items(), _colors(files), strict=True):
        figure.add_scatter(
            x=[100 * (k + 1) / len(weights.cosines) for k in range(len(weights.cosines))],
            y=sorted(weights.cosines, reverse=True),
            name=name,
            mode="lines",
            line={"color": color, "width": 2.5},
            hovertemplate="%{x:.0f} %: %{y:.2f}<extra></extra>",
        )
    return _styled(figure, words["channels"], words["cosine"])


def _colors(files: Named) -> Sequence[str]:
    return COLORS[-len(files) :]


def _styled(figure: go.Figure, x: str, y: str) -> go.Figure:
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        dragmode=False,
        font={"size": FONT_SIZE - 2},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        showlegend=len(figure.data) > 1,
    )
    axes = {"fixedrange": True, "automargin": True}
    figure.update_xaxes(**axes, title={"text": x})
    figure.update_yaxes(**axes, title={"text": y})
    return figure
