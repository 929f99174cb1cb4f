"""All trials of a study as a table: filtered, sorted, with chosen columns; a click on a row opens the trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from edgeslim.report.document import study_csv
from edgeslim.report.table import filtered, shown_figures, standings
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES, Figure
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.pareto import ChartChoice, chart_info
from edgeslim.ui.components.table_filter import column_choice, filter_form
from edgeslim.ui.components.words import column_name, titled, words
from edgeslim.ui.i18n import Language
from edgeslim.ui.state import language, select_trial, t
from edgeslim.units import CHANGE, DASH, MILLISECONDS, RATIO, Kind, format_interval

DIGITS: Mapping[Kind, int] = {MILLISECONDS: 2, RATIO: 2}
"""Of kinds that need more than one decimal."""
STAR = "★"


def trial_table(study: StudyResult, axes: ChartChoice, budget: Budget | None = None) -> None:
    """The trials that the filters leave, with their measures and standing as the chart has them."""
    named, y = titled(study), axes.y
    with st.container(horizontal=True, vertical_alignment="bottom", key="table_tools"):
        chosen = filter_form(study)
        figures = column_choice(study, y, data.once(shown_figures, study, y))
        numbers = data.once(filtered, named, chosen, data.notes(study))
        st.download_button(
            t("table.csv"),
            lambda: study_csv(named, data.notes(study), numbers).encode("utf-8-sig"),
            file_name=f"{study.name}.csv",
            mime="text/csv",
            icon=":material/table_view:",
            on_click="ignore",
            key="table_csv",
            help=t("table.csv_help"),
        )
    if len(numbers) < len(study.trials):
        st.caption(t("table.shown", shown=len(numbers), all=len(study.trials)))
    if not numbers:
        st.info(t("table.nothing"), icon=":material/filter_alt_off:")
        return
    frame = rows(study, axes, budget, figures).set_index("number", drop=False).loc[list(numbers)]
    frame = _with_notes(study, frame)

    def clicked() -> None:
        picked = st.session_state["trial_table"].selection.rows
        if picked and picked[0] < len(frame):
            select_trial(int(frame["number"].iloc[picked[0]]))

    st.dataframe(
        frame,
        hide_index=True,
        column_config=_columns(figures),
        on_select=clicked,
        selection_mode="single-row",
        key="trial_table",
        placeholder=DASH,
        height=min(38 * (len(frame) + 1) + 3, 720),
        alt=t("table.alt", study=study.name),
    )


def rows(
    study: StudyResult, axes: ChartChoice, budget: Budget | None, figures: tuple[str, ...]
) -> pd.DataFrame:
    """One row a trial: number, title, standing, measures in drawn units (empty where not measured)."""
    return data.once(_rows, titled(study), language(), axes, budget, figures)


def _rows(
    study: StudyResult,
    language: Language,
    axes: ChartChoice,
    budget: Budget | None,
    figures: tuple[str, ...],
) -> pd.DataFrame:
    standing = list(standings(study, chart_info(study, axes, budget), words()).values())
    return data.once(_measures, study, figures).assign(standing=standing)


def _measures(study: StudyResult, figures: tuple[str, ...]) -> pd.DataFrame:
    """The rows without their standing, which changes with the budget. The first figure has its interval beside it, and
    so has each change, which without one may be noise."""
    shown = [FIGURES.get(name) for name in figures]
    beside = _with_interval(figures)
    found = []
    for trial in study.trials:
        row: dict[str, Any] = {"number": trial.number, "title": trial.title}
        for figure in shown:
            value = figure.value(trial, study.original)
            row[figure.name] = None if value is None else _drawn(value, figure.kind)
            if figure.name in beside and (bounds := figure.bounds(trial)) is not None:
                row[_interval(figure.name)] = format_interval(bounds)
        found.append(row)
    names = ["number", "title", "standing"]
    for name in figures:
        names += [name, _interval(name)] if name in beside else [name]
    return pd.DataFrame(found).reindex(columns=names)


def _with_interval(figures: tuple[str, ...]) -> tuple[str, ...]:
    changes = [name for name in figures[1:] if FIGURES.get(name).kind is CHANGE]
    return *figures[:1], *changes


def _interval(figure: str) -> str:
    return f"{figure} interval"


def _drawn(value: float, kind: Kind) -> float:
    """As the column shows it: what rounds to nothing has no sign."""
    shown = value * kind.scale
    return shown if round(shown, DIGITS.get(kind, 1)) else 0.0


def _with_notes(study: StudyResult, frame: pd.DataFrame) -> pd.DataFrame:
    """Stars after the number and notes at the end, where there are any."""
    notes = data.notes(study)
    known = [notes.get(number) for number in frame["number"]]
    if any(each.star for each in notes.values()):
        frame.insert(1, "star", [STAR if each and each.star else "" for each in known])
    if any(each.notes for each in notes.values()):
        frame = frame.assign(notes=[each.text if each else "" for each in known])
    return frame


def _columns(figures: tuple[str, ...]) -> dict[str, Any]:
    """Streamlit's configuration by column."""
    return {
        "number": st.column_config.NumberColumn("#", width=50, pinned=True),
        "star": st.column_config.TextColumn(STAR, width=40, pinned=True),
        "title": st.column_config.TextColumn(t("table.recipe"), width="medium"),
        "standing": st.column_config.TextColumn(t("table.standing")),
        "notes": st.column_config.TextColumn(t("notes.title"), width="medium"),
        **{name: _number_column(FIGURES.get(name)) for name in figures},
        **{
            _interval(name): st.column_config.TextColumn(t("chart.interval"))
            for name in _with_interval(figures)
        },
    }


def _number_column(figure: Figure) -> Any:
    return st.column_config.NumberColumn(column_name(figure), format=f"%.{DIGITS.get(figure.kind, 1)}f")
