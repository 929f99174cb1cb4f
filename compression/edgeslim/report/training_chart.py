"""The curves of a training run."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from edgeslim.measurement.trainings import TrainingRun
from edgeslim.report.palette import ACCENT, FONT_SIZE, NEUTRAL


def training_chart(run: TrainingRun, words: Mapping[str, str]) -> go.Figure:
    """The loss on the images that are learnt from, and the mAP on those that are not, with the epoch that is kept.

    `words`: 'loss', 'score', 'epochs', 'best'.
    """
    epochs = [each.number for each in run.epochs]
    figure = go.Figure()
    for name, values, color, axis in (
        ("loss", [each.loss for each in run.epochs], NEUTRAL, "y"),
        ("score", [100 * each.score for each in run.epochs], ACCENT, "y2"),
    ):
        figure.add_scatter(
            name=words[name],
            x=epochs,
            y=values,
            yaxis=axis,
            mode="lines+markers",
            line={"color": color, "width": 3},
            hovertemplate="%{x}: %{y:.2f}<extra></extra>",
        )
    best = run.best
    if best is not None and best.score > 0:
        figure.add_scatter(
            name=words["best"],
            x=[best.number],
            y=[100 * best.score],
            yaxis="y2",
            mode="markers",
            marker={"color": ACCENT, "size": 16, "symbol": "circle-open", "line": {"width": 3}},
            hoverinfo="skip",
        )
    figure.update_layout(
        height=320,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        dragmode=False,
        font={"size": FONT_SIZE},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": FONT_SIZE - 2}},
        yaxis={"title": words["loss"], "rangemode": "tozero", "automargin": True},
        yaxis2={
            "title": words["score"],
            "range": [0, 100],
            "dtick": 20,
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "automargin": True,
        },
    )
    figure.update_xaxes(title=words["epochs"], automargin=True, dtick=1 if len(epochs) < 12 else None)
    return figure
