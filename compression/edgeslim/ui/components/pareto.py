"""The chart of a study on the screen: axes to choose, points to click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from edgeslim.report.charts import pareto_chart
from edgeslim.report.pareto import pareto_info
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES, axes
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.words import chart_texts, figure_name, titled
from edgeslim.ui.i18n import Language
from edgeslim.ui.state import language, linked, one_of, select_trial, t

CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
    "scrollZoom": False,
}


def axis_choice(study: StudyResult) -> tuple[str, str, bool]:
    """Selectors of both axes and of the close-up; the address carries the axes."""
    columns = st.columns([3, 3, 2], vertical_alignment="bottom")
    chosen = []
    primary = next((trial.primary_metric for trial in study.trials if trial.primary_metric), "mAP")
    weighed = [name if FIGURES.get(name).axis else primary for name in study.objectives]
    for column, role, name in ((columns[0], "cost", "x"), (columns[1], "quality", "y")):
        names = data.once(_axis_names, study, role == "cost")
        default = next((name for name in weighed if name in names), names[0])
        with column:
            chosen.append(
                st.selectbox(
                    t(f"chart.{role}_axis"),
                    names,
                    format_func=figure_name,
                    **linked(name, default, one_of(names)),
                )
            )
    searched = study.search is not None  # a search tries a lot that collapses
    close_up = columns[2].toggle(
        t("chart.close_up"), value=searched, key=f"close_up_{searched}", help=t("chart.close_up_help")
    )
    return chosen[0], chosen[1], close_up


def _axis_names(study: StudyResult, cost: bool) -> list[str]:
    return [figure.name for figure in axes(study.trials, cost)]


def show_pareto(
    study: StudyResult,
    x: str,
    y: str,
    *,
    key: str,
    budget: Budget | None = None,
    labels: Mapping[int, str] | None = None,
    selected: int | None = None,
    close_up: bool = False,
    height: int = 540,
) -> None:
    """Draw the chart; a click puts the trial's number into the address."""

    def clicked() -> None:
        number = trial_clicked(st.session_state[key].selection.points)
        if number is not None:
            select_trial(number)

    st.plotly_chart(
        data.once(_chart, titled(study), language(), x, y, budget, labels, selected, close_up, height),
        key=key,
        on_select=clicked,
        selection_mode="points",
        config=CONFIG,
        alt=t("chart.alt", x=figure_name(x), y=figure_name(y), study=study.name),
    )


def _chart(
    study: StudyResult,
    language: Language,
    x: str,
    y: str,
    budget: Budget | None,
    labels: Mapping[int, str] | None,
    selected: int | None,
    close_up: bool,
    height: int,
) -> go.Figure:
    return pareto_chart(
        data.once(pareto_info, study, x, y, budget),
        chart_texts(),
        labels=labels,
        selected=selected,
        close_up=close_up,
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
