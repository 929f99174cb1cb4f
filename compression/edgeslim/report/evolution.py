"""How a study came to its front: the volume that it covers after each file, and what each file alone would cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from edgeslim.report.importance import Importance
from edgeslim.report.palette import ACCENT, FONT_SIZE, NEUTRAL, faint
from edgeslim.studies.choice import choose
from edgeslim.studies.front_summary import gains_of, scale_of
from edgeslim.studies.hypervolume import growth, hypervolume
from edgeslim.studies.study import StudyResult


@dataclass(frozen=True, slots=True)
class Found:
    """A measured trial: the hypervolume that it alone covers, and that of all trials up to it."""

    number: int
    title: str
    alone: float
    covered: float


def evolution(study: StudyResult) -> tuple[Found, ...]:
    """In the order of the trials' numbers, the original and what misses the budget left out.

    Empty where the original lacks a figure that gains are measured with.
    """
    scale = scale_of(study)
    if scale is None:
        return ()
    gains = [
        (trial, gain)
        for trial, gain in gains_of(study, scale, choose(study, study.budget).rejected)
        if trial.number != study.baseline
    ]
    volumes = growth([gain for _, gain in gains])
    return tuple(
        Found(trial.number, trial.title, hypervolume([gain]), volume)
        for (trial, gain), volume in zip(gains, volumes, strict=True)
    )


def evolution_chart(found: Sequence[Found], words: Mapping[str, str]) -> go.Figure:
    """The covered volume as steps, each file alone as a point that a click opens.

    `words`: 'covered', 'alone', 'trials', 'volume'.
    """
    order = list(range(1, len(found) + 1))
    figure = go.Figure()
    figure.add_scatter(
        name=words["covered"],
        x=order,
        y=[each.covered for each in found],
        mode="lines",
        line={"shape": "hv", "color": ACCENT, "width": 3},
        hoverinfo="skip",
    )
    figure.add_scatter(
        name=words["alone"],
        x=order,
        y=[each.alone for each in found],
        mode="markers",
        marker={"color": faint(NEUTRAL), "size": 8},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[each.number, f"#{each.number} {escape(each.title)}"] for each in found],
        hovertemplate="%{customdata[1]}: %{y:.3f}<extra></extra>",
    )
    figure.update_layout(
        height=320,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        dragmode=False,
        font={"size": FONT_SIZE},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": FONT_SIZE - 2}},
    )
    figure.update_xaxes(title=words["trials"], automargin=True)
    figure.update_yaxes(title=words["volume"], rangemode="tozero", automargin=True)
    return figure


def importance_chart(
    found: Sequence[Importance], names: Sequence[str], words: Mapping[str, str]
) -> go.Figure:
    """A bar for each parameter; pale where chance alone would give as much, whose level is a tick.

    `words`: 'clear', 'unclear', 'chance'.
    """
    figure = go.Figure()
    places = list(range(len(found)))
    for clear, name in ((True, words["clear"]), (False, words["unclear"])):
        chosen = [place for place in places if found[place].clear is clear]
        figure.add_bar(
            name=name,
            y=chosen,
            x=[found[place].divergence for place in chosen],
            orientation="h",
            width=0.34,
            marker={"color": ACCENT if clear else faint(NEUTRAL)},
            hoverinfo="skip",
            showlegend=bool(chosen),
        )
    figure.add_scatter(
        name=words["chance"],
        y=places,
        x=[each.chance for each in found],
        mode="markers",
        marker={"symbol": "line-ns", "size": 16, "line": {"width": 3, "color": "#c4741a"}},
        hoverinfo="skip",
    )
    common = {
        "x": 0,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": FONT_SIZE - 2},
    }
    figure.update_layout(
        annotations=[{**common, "y": place - 0.2, "text": name} for place, name in enumerate(names)],
        height=50 + 50 * len(found),
        margin={"l": 4, "r": 8, "t": 8, "b": 8},
        barmode="overlay",
        dragmode=False,
        font={"size": FONT_SIZE},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"size": FONT_SIZE - 2}},
    )
    figure.update_xaxes(rangemode="tozero", fixedrange=True, showticklabels=False)
    figure.update_yaxes(visible=False, range=[len(found) - 0.6, -0.75], fixedrange=True)
    return figure


def density_chart(found: Importance, bins: Sequence[str], words: Mapping[str, str]) -> go.Figure:
    """How often each value is among the best, beside how often among all, in per cent. `words`: 'best', 'all'."""
    figure = go.Figure()
    for name, counts, color in (
        (words["best"], found.best, ACCENT),
        (words["all"], found.all, faint(NEUTRAL)),
    ):
        figure.add_bar(
            name=name,
            x=list(bins),
            y=[100 * count / (sum(counts) or 1) for count in counts],
            marker={"color": color},
            text=list(counts),
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    figure.update_layout(
        height=300,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        barmode="group",
        dragmode=False,
        font={"size": FONT_SIZE},
        legend={"orientation": "h", "y": 1.06, "yanchor": "bottom", "x": 0, "font": {"size": FONT_SIZE - 2}},
    )
    figure.update_xaxes(type="category", automargin=True, fixedrange=True)
    figure.update_yaxes(ticksuffix=" %", rangemode="tozero", automargin=True, fixedrange=True)
    return figure
