"""What the table of trials shows: conditions on the trials and chosen columns, all of it in the address."""

from __future__ import annotations

import streamlit as st

from edgeslim.report.table import TableFilter, states_of, steps_of
from edgeslim.studies.figures import FIGURES, axes
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialState
from edgeslim.ui import data
from edgeslim.ui.components.words import column_name, figure_name, state_words, step_name
from edgeslim.ui.state import linked, number_in, one_of, several_of, t

FAR = 1e15
"""Beyond every figure."""


def filter_form(study: StudyResult) -> TableFilter:
    """A field for text, the starred alone, and on demand steps, states, the range of a figure and the sorting."""
    text = st.text_input(
        t("table.find"),
        placeholder=t("table.find_hint"),
        icon=":material/search:",
        width=220,
        **linked("find", "", str),
    )
    starred = st.toggle(t("table.starred"), **linked("starred", False, one_of((True,))))
    figures = data.once(_measured, study)
    with st.popover(t("table.filter"), icon=":material/filter_list:"):
        steps = data.once(steps_of, study)
        with_steps = st.multiselect(
            t("table.steps"),
            steps,
            format_func=step_name,
            placeholder=t("table.any"),
            select_all=False,
            **linked("with", list[str](), several_of(steps)),
        )
        states = data.once(states_of, study)
        in_states = st.multiselect(
            t("table.states"),
            states,
            format_func=state_words,
            placeholder=t("table.any"),
            select_all=False,
            **linked("state", list[TrialState](), several_of(states)),
        )
        figure = _figure_choice("table.range", "where", figures, clears=("least", "most"))
        low, high = _range(figure)
        sort = _figure_choice("table.sort", "sort", figures)
    return TableFilter(
        text=text or "",
        steps=tuple(with_steps),
        states=tuple(in_states),
        figure=figure,
        low=low,
        high=high,
        starred=starred,
        sort=sort,
    )


def column_choice(study: StudyResult, y: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """The figures that are shown, by name, what is on the chart's y axis first."""
    figures = data.once(_measured, study)
    with st.popover(t("table.columns"), icon=":material/view_column:"):
        chosen = st.multiselect(
            t("table.columns"),
            figures,
            format_func=figure_name,
            label_visibility="collapsed",
            select_all=False,
            **linked("columns", list(default), several_of(figures), clearable=True),
        )
    return tuple(sorted(chosen, key=lambda name: name != y))


def _figure_choice(
    label: str, name: str, figures: tuple[str, ...], clears: tuple[str, ...] = ()
) -> str | None:
    found: str | None = st.selectbox(
        t(label),
        figures,
        index=None,
        format_func=figure_name,
        placeholder=t("table.any"),
        **linked(name, None, one_of(figures), clears=clears),
    )
    return found


def _range(figure: str | None) -> tuple[float | None, float | None]:
    if figure is None:
        return None, None
    name = column_name(FIGURES.get(figure))
    bounds = [
        column.number_input(
            t(f"table.{end}", figure=name),
            format="%g",
            placeholder=t("table.no_limit"),
            **linked(end, None, number_in(-FAR, FAR)),
        )
        for column, end in zip(st.columns(2), ("least", "most"), strict=True)
    ]
    return bounds[0], bounds[1]


def _measured(study: StudyResult) -> tuple[str, ...]:
    """Names of the figures that at least one trial has."""
    return tuple(figure.name for figure in axes(study.trials))
