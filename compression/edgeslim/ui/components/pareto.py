"""The chart of a study on the screen: axes to choose, points to click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from edgeslim.report.axes import available
from edgeslim.report.charts import pareto_chart
from edgeslim.report.pareto import pareto_info
from edgeslim.studies.budget import Budget
from edgeslim.ui.components.words import chart_texts, trial_title
from edgeslim.ui.state import linked, one_of, select_trial, t

CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
    "scrollZoom": False,
}
AXIS_OF = {"latency": "latency_ratio", "memory": "peak_memory"}
"""Objectives of a study whose axis has another name."""


def axis_choice(study: Mapping[str, Any]) -> tuple[str, str, bool]:
    """Selectors of both axes and of the close-up; the address carries the axes."""
    columns = st.columns([3, 3, 2], vertical_alignment="bottom")
    chosen = []
    primary = next((trial["primary_metric"] for trial in study["trials"] if trial["primary_metric"]), "mAP")
    weighed = [
        {**AXIS_OF, "accuracy": primary}.get(name, name) for name in study.get("objectives") or ("accuracy",)
    ]
    for column, role, name in ((columns[0], "cost", "x"), (columns[1], "quality", "y")):
        names = [axis.name for axis in available(study["trials"], role)]
        default = next((name for name in weighed if name in names), names[0])
        with column:
            chosen.append(
                st.selectbox(
                    t(f"chart.{role}_axis"),
                    names,
                    format_func=lambda name: t(f"axis.{name}"),
                    **linked(name, default, one_of(names)),
                )
            )
    searched = study.get("search") is not None  # a search tries a lot that collapses
    close_up = columns[2].toggle(
        t("chart.close_up"), value=searched, key=f"close_up_{searched}", help=t("chart.close_up_help")
    )
    return chosen[0], chosen[1], close_up


def show_pareto(
    study: Mapping[str, Any],
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
    named = {**study, "trials": [{**trial, "title": trial_title(trial)} for trial in study["trials"]]}
    figure = pareto_chart(
        pareto_info(named, x, y, budget),
        chart_texts(),
        labels=labels,
        selected=selected,
        close_up=close_up,
        height=height,
    )

    def clicked() -> None:
        number = trial_clicked(st.session_state[key].selection.points)
        if number is not None:
            select_trial(number)

    st.plotly_chart(
        figure,
        key=key,
        on_select=clicked,
        selection_mode="points",
        config=CONFIG,
        alt=t("chart.alt", x=t(f"axis.{x}"), y=t(f"axis.{y}"), study=study["name"]),
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
