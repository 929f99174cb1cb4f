"""All trials of a study as a table: sortable, searchable, a click on a row opens the trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from edgeslim.report.pareto import pareto_info
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES, Figure, columns
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.words import column_name, state_words, titled
from edgeslim.ui.i18n import Language
from edgeslim.ui.state import language, select_trial, t
from edgeslim.units import DASH, MILLISECONDS, RATIO, Kind, format_interval

DIGITS: Mapping[Kind, int] = {MILLISECONDS: 2, RATIO: 2}
"""Of kinds that need more than one decimal."""


def trial_table(study: StudyResult, y: str, budget: Budget | None = None) -> None:
    """Every trial with its measures, in the units of the chart."""
    frame = rows(study, y, budget)

    def clicked() -> None:
        chosen = st.session_state["trial_table"].selection.rows
        if chosen and chosen[0] < len(frame):
            select_trial(int(frame["number"].iloc[chosen[0]]))

    st.dataframe(
        frame,
        hide_index=True,
        column_config=_columns(data.once(_figures, study, y)),
        on_select=clicked,
        selection_mode="single-row",
        key="trial_table",
        placeholder=DASH,
        height=min(38 * (len(frame) + 1) + 3, 720),
        alt=t("table.alt", study=study.name),
    )


def rows(study: StudyResult, y: str, budget: Budget | None = None) -> pd.DataFrame:
    """One row a trial: number, title, standing, measures in drawn units (empty where not measured)."""
    return data.once(_rows, titled(study), language(), y, budget)


def _rows(study: StudyResult, language: Language, y: str, budget: Budget | None) -> pd.DataFrame:
    points = data.once(pareto_info, study, "download", y, budget).points
    marks = {point.number: point.mark for point in points}
    standing = [
        t(f"mark.{marks[trial.number]}") if trial.number in marks else state_words(trial.state)
        for trial in study.trials
    ]
    return data.once(_measures, study, y).assign(standing=standing)


def _measures(study: StudyResult, y: str) -> pd.DataFrame:
    """The rows without their standing, which changes with the budget."""
    figures = data.once(_figures, study, y)
    found = []
    for trial in study.trials:
        row: dict[str, Any] = {"number": trial.number, "title": trial.title}
        for figure in figures:
            value = figure.value(trial, study.original)
            row[figure.name] = None if value is None else value * figure.kind.scale
            if figure.name == y and (bounds := figure.bounds(trial)) is not None:
                row["interval"] = format_interval(bounds)
        found.append(row)
    first, *others = (figure.name for figure in figures)
    return pd.DataFrame(found).reindex(columns=["number", "title", "standing", first, "interval", *others])


def _figures(study: StudyResult, y: str) -> tuple[Figure, ...]:
    """What the table shows, what is on the chart's y axis first."""
    chosen = FIGURES.get(y)
    return chosen, *(figure for figure in columns(study.trials) if figure is not chosen)


def _columns(figures: tuple[Figure, ...]) -> dict[str, Any]:
    """Streamlit's configuration by column."""
    return {
        "number": st.column_config.NumberColumn("#", width=50, pinned=True),
        "title": st.column_config.TextColumn(t("table.recipe"), width="medium"),
        "standing": st.column_config.TextColumn(t("table.standing")),
        "interval": st.column_config.TextColumn(t("chart.interval")),
        **{
            figure.name: st.column_config.NumberColumn(
                column_name(figure), format=f"%.{DIGITS.get(figure.kind, 1)}f"
            )
            for figure in figures
        },
    }
