"""The chart of a study on the screen: axes to choose, points to click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from edgeslim.report.charts import View, pareto_chart
from edgeslim.report.front_view import axis_names, chart_labels, usual_axes
from edgeslim.report.pareto import BAND, ParetoInfo, pareto_info
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import runtimes_of
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.finding import recommended
from edgeslim.ui.components.words import chart_texts, figure_name, short_name, titled, words
from edgeslim.ui.i18n import Language
from edgeslim.ui.state import language, linked, one_of, select_trial, t

CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
    "scrollZoom": False,
}
BANDS = ("near", "all")
SWITCH = (True, False)
NONE = "none"


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """What the visitor chose to see: figures of the axes and of the colour, and how."""

    x: str
    y: str
    third: str | None = None
    view: View = field(default_factory=lambda: View(near=True))

    @property
    def figures(self) -> tuple[str, ...]:
        """All that are shown, by name."""
        return self.y, self.x, *(() if self.third is None else (self.third,))


def chart_choice(study: StudyResult) -> ChartChoice:
    """Selectors of axes, colour and view in one row; the address carries them all."""
    columns = st.columns([8, 8, 10, 5], gap="xsmall")
    costs, qualities = (data.once(axis_names, study, cost) for cost in (True, False))
    x, y, third = data.once(usual_axes, study)
    chosen = [
        _figure_choice(column, role, name, options, default)
        for column, role, name, options, default in (
            (columns[0], "x", "x", costs, x),
            (columns[1], "y", "y", qualities, y),
            (columns[2], "colour", "colour", [NONE, *costs], third or NONE),
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
        labels=chart_labels(info, study.baseline, labels or {}, words()),
        selected=selected,
        view=chosen.view,
        height=height,
    )


def trial_clicked(points: Sequence[Mapping[str, Any]]) -> int | None:
    """The trial number of the first selected point; None for a click into the void.

    customdata comes back as a list, or as {"0": …} where plotly.js made a typed array of it.
    """
    for point in points:
        found = point.get("customdata")
        if found:
            return int(found["0"] if isinstance(found, Mapping) else found[0])
    return None
