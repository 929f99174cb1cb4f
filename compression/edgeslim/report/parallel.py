"""Parallel coordinates: every trial as a line through its parameters and figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import nan

import numpy as np
import plotly.graph_objects as go

from edgeslim.report.palette import ACCENT, FONT_SIZE, NEUTRAL
from edgeslim.report.recipe_parameters import Parameter, compared
from edgeslim.studies.figures import Figure
from edgeslim.studies.study import StudyResult

WITHOUT = -0.16
"""Where a line passes an axis whose step the recipe has not."""
COLORS = ("#c4741a", "#b97a3c", "#a1805e", "#868584", "#6b88a6", "#4a84c0", "#2f7fd6")
"""From the worst to the best; told apart by hue and on both backgrounds."""
MANY = 300
"""Trials from which on lines have no marks to click."""

NO_WORDS: Mapping[str, Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """`places` are by number of the trial, 0 to 1 or WITHOUT; `ticks` are labels (None: without) at places."""

    key: str
    places: Mapping[int, float]
    ticks: tuple[tuple[float, str | None], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A trial: `shade` 0 (the worst by the colouring figure) to 1, None without the figure."""

    number: int
    title: str
    shade: float | None


@dataclass(frozen=True, slots=True)
class Parallel:
    """A trial without a value on an axis has a line with a gap."""

    axes: tuple[Axis, ...]
    lines: tuple[Line, ...]
    bounds: tuple[float, float] | None
    """Of the colouring figure: the worst and the best value."""


def parallel(
    study: StudyResult, parameters: Sequence[Parameter], figures: Sequence[Figure], color: Figure
) -> Parallel:
    """All measured trials but the original; on figures' axes the better end is at the top."""
    trials = compared(study)
    axes = [_parameter_axis(each) for each in parameters]
    for figure in figures:
        values = {trial.number: figure.value(trial, study.original) for trial in trials}
        axes.append(_figure_axis(figure, {number: v for number, v in values.items() if v is not None}))
    shades = {trial.number: color.value(trial, study.original) for trial in trials}
    known = [value for value in shades.values() if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    worst, best = (high, low) if color.cost else (low, high)
    lines = [Line(t.number, t.title, _between(shades[t.number], worst, best)) for t in trials]
    lines.sort(key=lambda line: -1.0 if line.shade is None else line.shade)
    return Parallel(tuple(axes), tuple(lines), (worst, best) if known else None)


def _between(value: float | None, start: float, end: float) -> float | None:
    if value is None:
        return None
    return 0.5 if start == end else (value - start) / (end - start)


def _parameter_axis(parameter: Parameter) -> Axis:
    values = {number: value for number, value in parameter.values.items() if value is not None}
    missing = dict.fromkeys((n for n, value in parameter.values.items() if value is None), WITHOUT)
    ticks: list[tuple[float, str | None]] = [(WITHOUT, None)] if missing else []
    if parameter.numeric:
        numbers = {number: float(value) for number, value in values.items()}
        low, high = min(numbers.values()), max(numbers.values())
        places = {number: _between(value, low, high) or 0.0 for number, value in numbers.items()}
        ticks += [(0.5, f"{low:.3g}")] if low == high else [(0.0, f"{low:.3g}"), (1.0, f"{high:.3g}")]
    else:
        labels = [label for label in parameter.bins if label is not None]
        first = len(parameter.bins) - len(labels)
        step = 1 / max(1, len(labels) - 1)
        start = 0.0 if len(labels) > 1 else 0.5
        places = {number: start + step * (parameter.bin_of[number] - first) for number in values}
        ticks += [(start + index * step, label) for index, label in enumerate(labels)]
    return Axis(key=parameter.key, places={**places, **missing}, ticks=tuple(ticks))


def _figure_axis(figure: Figure, values: Mapping[int, float]) -> Axis:
    if not values:
        return Axis(key=figure.name, places={}, ticks=())
    low, high = min(values.values()), max(values.values())
    worst, best = (high, low) if figure.cost else (low, high)
    places = {number: _between(value, worst, best) or 0.0 for number, value in values.items()}
    text = figure.kind.text
    ticks = ((0.5, text(low)),) if low == high else ((0.0, text(worst)), (1.0, text(best)))
    return Axis(key=figure.name, places=places, ticks=ticks)


def parallel_chart(
    info: Parallel,
    names: Mapping[str, str],
    without: str,
    *,
    ticks: Mapping[str, Mapping[str, str]] = NO_WORDS,
    shown: Collection[int] | None = None,
    bright: Collection[int] | None = None,
    selected: int | None = None,
) -> go.Figure:
    """Lines from orange (the worst) to blue; all but the `bright` ones faint, the selected one thick. Only the `shown`.

    `names` are words for the axes' keys, `ticks` those for values on them. Of few trials each mark is clickable
    (customdata: the trial's number).
    """
    figure = go.Figure()
    xs = list(range(len(info.axes)))
    lines = [line for line in info.lines if shown is None or line.number in shown]
    faded = [line for line in lines if bright is not None and line.number not in bright]
    _draw(figure, info, faded, NEUTRAL, 1, 0.35, marks=False)
    strong = [line for line in lines if bright is None or line.number in bright]
    marks = len(strong) <= MANY
    for shade, color in enumerate(COLORS):
        group = [line for line in strong if line.shade is not None and _shade(line.shade) == shade]
        _draw(figure, info, group, color, 2, 0.8, marks=marks)
    _draw(figure, info, [line for line in strong if line.shade is None], NEUTRAL, 1, 0.6, marks=marks)
    _draw(figure, info, [line for line in lines if line.number == selected], ACCENT, 5, 1.0, marks=True)
    line = {"color": NEUTRAL, "width": 2}
    notes = [
        {
            "x": x,
            "y": y,
            "text": without if label is None else ticks.get(axis.key, {}).get(label, label),
            "showarrow": False,
            "yshift": 9 if y > WITHOUT else -9,
            "font": {"size": FONT_SIZE - 4},
        }
        for x, axis in zip(xs, info.axes, strict=True)
        for y, label in axis.ticks
    ]
    figure.update_layout(
        annotations=notes,
        shapes=[{"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line, "layer": "below"} for x in xs],
        height=440, margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False, showlegend=False, font={"size": FONT_SIZE}
    )  # fmt: skip
    figure.update_xaxes(
        tickmode="array", tickvals=xs, ticktext=[names[axis.key] for axis in info.axes], side="top",
        range=[-0.45, len(xs) - 0.55], showgrid=False, zeroline=False, automargin=True, fixedrange=True,
        tickangle=0,
        tickfont={"size": FONT_SIZE - 4},
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[-0.26, 1.1], fixedrange=True)
    return figure


def _shade(share: float) -> int:
    return min(len(COLORS) - 1, int(share * len(COLORS)))


def _draw(
    figure: go.Figure,
    info: Parallel,
    lines: Sequence[Line],
    color: str,
    width: int,
    opacity: float,
    *,
    marks: bool,
) -> None:
    """All these lines as one trace: a gap ends each."""
    if not lines:
        return
    places = [[axis.places.get(line.number, nan) for axis in info.axes] + [nan] for line in lines]
    told = [
        (line.number, f"#{line.number} {escape(line.title)}")
        for line in (lines if marks else ())
        for _ in range(len(info.axes) + 1)
    ]
    figure.add_scatter(
        x=np.tile([*range(len(info.axes)), nan], len(lines)),
        y=np.ravel(places),
        mode="lines+markers" if marks else "lines",
        line={"color": color, "width": width},
        marker={"size": 6, "color": color},
        opacity=opacity,
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=told or None,
        hovertemplate="%{customdata[1]}<extra></extra>" if marks else None,
        hoverinfo=None if marks else "skip",
    )
