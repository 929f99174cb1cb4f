"""All trials of a study as a table: sortable, searchable, a click on a row opens the trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from edgeslim.report.axes import AXES, available
from edgeslim.report.pareto import pareto_info
from edgeslim.studies.budget import Budget
from edgeslim.ui.components.words import state_words, trial_title
from edgeslim.ui.i18n import known
from edgeslim.ui.state import language, select_trial, t
from edgeslim.units import DASH, format_interval

DIGITS = {
    "KB": "%.1f",
    "K": "%.1f",
    "M": "%.1f",
    "ms": "%.2f",
    "×": "%.2f",
    "%": "%.1f",
    "dB": "%.1f",
    "": "%.1f",
}


def trial_table(study: Mapping[str, Any], y: str, budget: Budget | None = None) -> None:
    """Every trial with its measures, in the units of the chart."""
    frame = rows(study, y, budget)
    numbers = [int(number) for number in frame["number"]]

    def clicked() -> None:
        chosen = st.session_state["trial_table"].selection.rows
        if chosen and chosen[0] < len(numbers):
            select_trial(numbers[chosen[0]])

    st.dataframe(
        frame,
        hide_index=True,
        column_config=_columns(study, y),
        on_select=clicked,
        selection_mode="single-row",
        key="trial_table",
        placeholder=DASH,
        height=min(38 * (len(frame) + 1) + 3, 720),
        alt=t("table.alt", study=study["name"]),
    )


def rows(study: Mapping[str, Any], y: str, budget: Budget | None = None) -> pd.DataFrame:
    """One row a trial: number, title, standing, measures in drawn units (empty where not measured)."""
    marks = {point.number: point.mark for point in pareto_info(study, "download", y, budget).points}
    axes = _axes(study, y)
    found = []
    for trial in study["trials"]:
        mark = marks.get(trial["number"])
        row: dict[str, Any] = {
            "number": trial["number"],
            "title": trial_title(trial),
            "standing": t(f"mark.{mark}") if mark else state_words(trial["state"]),
        }
        for axis in axes:
            value = axis.value(trial, study["baseline"])
            row[axis.name] = None if value is None else value * axis.kind.scale
            if axis.name == y and (bounds := axis.bounds(trial)) is not None:
                row["interval"] = format_interval(bounds)
        found.append(row)
    order = ["number", "title", "standing"]
    for axis in axes:
        order += [axis.name, "interval"] if axis.name == y else [axis.name]
    return pd.DataFrame(found).reindex(columns=order)


def _axes(study: Mapping[str, Any], y: str) -> list[Any]:
    names = [
        axis.name for axis in (*available(study["trials"], "quality"), *available(study["trials"], "cost"))
    ]
    wanted = [
        y, "paired_delta", "agreement", "download", "file", "latency_ratio", "latency", "nonzero", "macs",
    ]  # fmt: skip
    return [AXES.get(name) for name in dict.fromkeys(wanted) if name in names]


def _columns(study: Mapping[str, Any], y: str) -> dict[str, Any]:
    config: dict[str, Any] = {
        "number": st.column_config.NumberColumn("#", width=50, pinned=True),
        "title": st.column_config.TextColumn(t("table.recipe"), width="medium"),
        "standing": st.column_config.TextColumn(t("table.standing")),
        "interval": st.column_config.TextColumn(t("chart.interval")),
    }
    for axis in _axes(study, y):
        key = f"table.{axis.name}"
        name, unit = t(key if known(language(), key) else f"axis.{axis.name}"), axis.kind.unit
        config[axis.name] = st.column_config.NumberColumn(
            f"{name} ({unit})" if unit else name, format=DIGITS[unit]
        )
    return config
