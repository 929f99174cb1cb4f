"""How two files' scores differ, as charts: counts by score, calibration, precision and recall, F1 over the threshold."""

from __future__ import annotations

from typing import Any, Literal

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from edgeslim.analysis.scores import Confidence
from edgeslim.metrics.bootstrap import Bounds
from edgeslim.report.palette import ACCENT, BUDGET_COLOR, FONT_SIZE, NEUTRAL, SCALE

Story = Literal["fell", "rose", "little", "noise", "none"]
COLORS = (NEUTRAL, ACCENT)
DASHES = ("dash", "solid")
"""Original and compressed: colour and line each suffice to tell."""
HEIGHT = 330
LOW_BINS = 4
"""Bins below a score of 0.2: a detector makes so many wrong claims there that all else would be flat. Cut bars tell
their count."""


def story(found: Confidence) -> Story:
    """Whether scores fell or rose more than noise, or by less than shows; none where the files share no claims."""
    if found.shift is None:
        return "none"
    if round(abs(found.shift.median), 2) == 0:
        return "little"
    span: Bounds | None = found.shift.ci95
    if span is None or span[0] <= 0.0 <= span[1]:
        return "noise"
    return "fell" if found.shift.median < 0 else "rose"


def histogram_chart(
    found: Confidence, sides: tuple[str, str], words: tuple[str, str, str], line: bool
) -> go.Figure:
    """Right and wrong claims by score, one plot for each file; `words` name right, wrong and the score."""
    right, wrong, score = words
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, shared_yaxes="all", subplot_titles=sides, vertical_spacing=0.14
    )
    totals = [[r + w for r, w in zip(side.right, side.wrong, strict=True)] for side in found.sides]
    top = (
        1.2 * max((n for each in totals for n in each[LOW_BINS:]), default=0)
        or 1.2 * max(map(max, totals))
        or 1
    )
    for row, side in enumerate(found.sides, 1):
        width = 1 / len(side.right)
        middles = [width * (place + 0.5) for place in range(len(side.right))]
        parts = ((right, side.right, SCALE[0], ""), (wrong, side.wrong, SCALE[-1], "/"))
        for name, counts, color, shape in parts:
            figure.add_bar(
                x=middles,
                y=counts,
                width=width * 0.9,
                name=name,
                legendgroup=name,
                showlegend=row == 1,
                marker={"color": color, "pattern": {"shape": shape, "size": 5}},
                hovertemplate="%{x:.2f}: %{y}<extra>%{fullData.name}</extra>",
                row=row,
                col=1,
            )
        cut = [place for place, total in enumerate(totals[row - 1]) if total > top]
        if cut:
            counts_cut = ", ".join(str(totals[row - 1][place]) for place in cut)
            figure.add_annotation(
                x=width * (cut[-1] + 1.2),
                y=top,
                row=row,
                col=1,
                text=f"↑ {counts_cut}",
                showarrow=False,
                xanchor="left",
                yanchor="top",
            )
        if line:
            figure.add_vline(
                x=found.threshold, row=row, col=1, line={"color": BUDGET_COLOR, "dash": "dash", "width": 2}
            )
    _framed(figure, HEIGHT + 110)
    figure.update_layout(barmode="stack", margin={"t": 60})
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[0, top])
    figure.update_xaxes(title=score, row=2, col=1)
    figure.update_annotations(font={"size": FONT_SIZE - 4})
    for title in figure.layout.annotations[:2]:  # the legend stands at the left
        title.update(x=1, xanchor="right", font={"size": FONT_SIZE - 2})
    return figure


def reliability_chart(found: Confidence, sides: tuple[str, str], words: tuple[str, str]) -> go.Figure:
    """Share of right claims over their mean score by bin; on the diagonal a score is what it says."""
    figure = go.Figure(
        go.Scatter(
            x=[0, 1], y=[0, 1], mode="lines", line={"color": NEUTRAL, "width": 1}, hoverinfo="skip", showlegend=False
        )
    )  # fmt: skip
    for n, (side, name) in enumerate(zip(found.sides, sides, strict=True)):
        known = [each for each in side.bins if each.claims]
        figure.add_scatter(
            x=[each.score for each in known],
            y=[each.right for each in known],
            customdata=[[each.claims] for each in known],
            mode="lines+markers",
            name=name,
            line=_line(n),
            marker=_marker(n),
            hovertemplate="%{x:.2f} → %{y:.2f} (n = %{customdata[0]})<extra>%{fullData.name}</extra>",
        )
    return _axes(_framed(figure), *words)


def curve_chart(found: Confidence, sides: tuple[str, str], words: tuple[str, str]) -> go.Figure:
    """Precision over recall, a dot where the threshold is."""
    figure = go.Figure()
    for n, (side, name) in enumerate(zip(found.sides, sides, strict=True)):
        known = [k for k, each in enumerate(side.precision) if each is not None]
        at = _nearest(side.thresholds, found.threshold)
        figure.add_scatter(
            x=[side.recall[k] for k in known],
            y=[side.precision[k] for k in known],
            customdata=[[side.thresholds[k]] for k in known],
            mode="lines",
            name=name,
            line=_line(n),
            hovertemplate="%{x:.2f}, %{y:.2f} (≥ %{customdata[0]:.2f})<extra>%{fullData.name}</extra>",
        )
        figure.add_scatter(
            x=[side.recall[at]], y=[side.precision[at]], mode="markers", marker=_marker(n, 12), showlegend=False,
            hoverinfo="skip",
        )  # fmt: skip
    return _axes(_framed(figure), *words)


def f1_chart(found: Confidence, sides: tuple[str, str], words: tuple[str, str]) -> go.Figure:
    """F1 over the threshold, a dot at the best one; the dashed line is the fixed threshold."""
    figure = go.Figure()
    for n, (side, name) in enumerate(zip(found.sides, sides, strict=True)):
        figure.add_scatter(
            x=side.thresholds,
            y=side.f1,
            mode="lines",
            name=name,
            line=_line(n),
            hovertemplate="≥ %{x:.2f}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )
        spread = {}
        if side.best_ci95 is not None:
            low, high = side.best_ci95
            spread = {
                "error_x": {
                    "type": "data", "array": [max(high - side.best, 0)], "arrayminus": [max(side.best - low, 0)],
                    "color": COLORS[n],
                }
            }  # fmt: skip
        figure.add_scatter(
            x=[side.best],
            y=[max(side.f1)],
            mode="markers",
            marker=_marker(n, 12),
            showlegend=False,
            hoverinfo="skip",
            **spread,
        )
    figure.add_vline(x=found.threshold, line={"color": BUDGET_COLOR, "dash": "dash", "width": 2})
    return _axes(_framed(figure), *words)


def _nearest(values: tuple[float, ...], wanted: float) -> int:
    return min(range(len(values)), key=lambda k: abs(values[k] - wanted))


def _line(n: int) -> dict[str, Any]:
    return {"color": COLORS[n], "dash": DASHES[n], "width": 3}


def _marker(n: int, size: int = 8) -> dict[str, Any]:
    return {"color": COLORS[n], "symbol": ("circle-open", "circle")[n], "size": size, "line": {"width": 2}}


def _framed(figure: go.Figure, height: int = HEIGHT) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": 34, "b": 0},
        dragmode=False,
        font={"size": FONT_SIZE - 2},
        legend={"orientation": "h", "x": 0, "y": 1.03, "yanchor": "bottom"},
    )
    figure.update_xaxes(fixedrange=True, automargin=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, automargin=True, zeroline=False)
    return figure


def _axes(figure: go.Figure, x: str, y: str) -> go.Figure:
    figure.update_xaxes(title=x, range=[0, 1.02])
    figure.update_yaxes(title=y, range=[0, 1.02])
    return figure
