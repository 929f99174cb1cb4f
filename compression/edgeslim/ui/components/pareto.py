"""The chart of a study on the screen: axes to choose, points to click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from edgeslim.report.charts import View, pareto_chart
from edgeslim.report.pareto import BAND, ParetoInfo, pareto_info
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES, axes, runtimes_of
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.finding import recommended
from edgeslim.ui.components.words import chart_texts, figure_name, short_name, titled
from edgeslim.ui.i18n import Language
from edgeslim.ui.state import language, linked, one_of, select_trial, t
from edgeslim.units import BYTES

CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
    "scrollZoom": False,
}
BANDS = ("near", "all")
SWITCH = (True, False)
NONE, SPEED = "none", "latency_ratio"


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """What the visitor chose to see: figures of the axes and of the colour, and how."""

    x: str
    y: str
    third: str | None = None
    view: View = field(default_factory=lambda: View(near=True))


def chart_choice(study: StudyResult) -> ChartChoice:
    """Selectors of axes, colour and view in one row; the address carries them all."""
    columns = st.columns([8, 8, 10, 5], gap="xsmall")
    primary = next((trial.primary_metric for trial in study.trials if trial.primary_metric), "mAP")
    weighed = [name if FIGURES.get(name).axis else primary for name in study.objectives]
    costs, qualities = (data.once(_axis_names, study, cost) for cost in (True, False))
    x, y = (next((name for name in weighed if name in names), names[0]) for names in (costs, qualities))
    chosen = [
        _figure_choice(column, role, name, options, default)
        for column, role, name, options, default in (
            (columns[0], "x", "x", costs, x),
            (columns[1], "y", "y", qualities, y),
            (columns[2], "colour", "colour", [NONE, *costs], SPEED if SPEED in costs else NONE),
        )
    ]
    with columns[3].popover(t("front.view"), icon=":material/tune:", width="stretch"):
        near = st.segmented_control(
            t("front.band"),
            BANDS,
            format_func=lambda band: t(f"front.band_{band}"),
            help=t("front.band_help", share=f"{BAND * 100:.0f} %"),
            required=True,
            **linked("band", "near", one_of(BANDS)),
        )
        bars = st.toggle(t("front.bars"), help=t("front.bars_help"), **linked("bars", False, one_of(SWITCH)))
        groups = st.toggle(
            t("front.groups"), help=t("front.groups_help"), **linked("groups", False, one_of(SWITCH))
        )
    third = None if chosen[2] == NONE else chosen[2]
    return ChartChoice(chosen[0], chosen[1], third, View(near == "near", bars, groups))


def _figure_choice(column: DeltaGenerator, role: str, name: str, options: Sequence[str], default: str) -> str:
    chosen: str = column.selectbox(
        t(f"front.{role}"),
        options,
        format_func=lambda figure: t(
            f"front.{role}_is", figure=t("front.no_colour") if figure == NONE else short_name(figure)
        ),
        label_visibility="collapsed",
        **linked(name, default, one_of(options)),
    )
    return chosen


def _axis_names(study: StudyResult, cost: bool) -> list[str]:
    return [figure.name for figure in axes(study.trials, cost)]


def show_pareto(
    study: StudyResult,
    chosen: ChartChoice,
    *,
    key: str,
    budget: Budget | None = None,
    labels: Mapping[int, str] | None = None,
    selected: int | None = None,
    height: int = 540,
) -> None:
    """Draw the chart; a click puts the trial's number into the address."""

    def clicked() -> None:
        number = trial_clicked(st.session_state[key].selection.points)
        if number is not None:
            select_trial(number)

    st.plotly_chart(
        data.once(_chart, titled(study), language(), chosen, budget, labels, selected, height),
        key=key,
        on_select=clicked,
        selection_mode="points",
        config=CONFIG,
        alt=t("chart.alt", x=figure_name(chosen.x), y=figure_name(chosen.y), study=study.name),
    )


def chart_info(study: StudyResult, chosen: ChartChoice, budget: Budget | None) -> ParetoInfo:
    """What the chart shows, as data: every trial has the same standing wherever it is told."""
    third, file = chosen.third, recommended(study)
    return data.once(pareto_info, study, chosen.x, chosen.y, budget, third=third, recommended=file)


def _chart(
    study: StudyResult,
    language: Language,
    chosen: ChartChoice,
    budget: Budget | None,
    labels: Mapping[int, str] | None,
    selected: int | None,
    height: int,
) -> go.Figure:
    info = chart_info(study, chosen, budget)
    return pareto_chart(
        info,
        chart_texts(runtimes_of(study.trials)),
        labels=_labels(info, study.baseline, labels or {}),
        selected=selected,
        view=chosen.view,
        height=height,
    )


def _labels(info: ParetoInfo, baseline: int | None, given: Mapping[int, str]) -> dict[int, str]:
    """Words for the few points that matter: the given ones, the recommended file, the original, the smallest in sight."""
    found: dict[int, list[str]] = {number: [words] for number, words in given.items()}
    low = info.band[0] if info.band else float("-inf")
    on_front = [point for number in info.front if (point := info.point(number)) and point.y >= low]
    named = [(p.number, "recommended") for p in info.points if p.mark == "recommended"]
    named += [] if baseline is None else [(baseline, "original")]
    if on_front and info.x.kind is BYTES:
        first = on_front[0].number
        named.append((first, "smallest" if first == info.front[0] else "smallest_shown"))
    for number, role in named:
        if not role.startswith("smallest") or number not in found:
            found.setdefault(number, []).append(t(f"chart.{role}"))
    return {number: " · ".join(words) for number, words in found.items()}


def trial_clicked(points: Sequence[Mapping[str, Any]]) -> int | None:
    """The trial number of the first selected point; None for a click into the void.

    customdata comes back as a list, or as {"0": …} where plotly.js made a typed array of it.
    """
    for point in points:
        found = point.get("customdata")
        if found:
            return int(found["0"] if isinstance(found, Mapping) else found[0])
    return None
