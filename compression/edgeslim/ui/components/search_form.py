"""What to search for: how long, what to weigh, what a file must keep, and how to go about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from edgeslim.errors import EdgeSlimError
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import limits, objectives
from edgeslim.studies.search_run import LEARNING, SAMPLERS, SearchRun
from edgeslim.studies.study import DEFAULT_OBJECTIVES, StudyPlan, check_objectives
from edgeslim.ui.components.budget import budget_fields
from edgeslim.ui.components.plan import StudyRequest
from edgeslim.ui.components.problems import show
from edgeslim.ui.components.words import figure_name, named
from edgeslim.ui.state import t

MINUTES = 8.0


def search_form(plan: StudyPlan, presets: Sequence[str]) -> StudyRequest | None:
    """The plan with objectives and budget, and its search; None, with the reason shown, if that is no search."""
    st.markdown(t("search.lead"))
    columns = st.columns(3, vertical_alignment="bottom")
    st.session_state.setdefault("search_minutes", MINUTES)
    minutes = columns[0].number_input(
        t("search.minutes"),
        min_value=0.0,
        value=None,  # so that it can be emptied: what begins with a number cannot
        step=1.0,
        format="%g",
        placeholder=t("search.no_limit"),
        help=t("search.minutes_help"),
        key="search_minutes",
    )
    quality = columns[1].selectbox(
        t("search.quality"),
        [each.name for each in objectives() if not each.cost],
        format_func=figure_name,
        help=t("search.quality_help"),
        key="search_quality",
    )
    costs = [each.name for each in objectives() if each.cost]
    weighed = columns[2].multiselect(
        t("search.costs"),
        costs,
        default=[name for name in DEFAULT_OBJECTIVES if name in costs],
        format_func=figure_name,
        help=t("search.costs_help"),
        key="search_costs",
        select_all=False,
    )
    st.markdown(f"**{t('search.limits')}**", help=t("search.limits_help"))
    usual = budget_fields([each for each in limits() if each.prominent])
    with st.expander(t("search.advanced"), icon=":material/tune:"):
        search = _advanced(presets)
        rare = budget_fields([each for each in limits() if not each.prominent])
    try:
        plan = replace(
            plan,
            objectives=check_objectives((quality, *weighed)),
            budget=Budget.of(**usual.limits, **rare.limits),
        )
        return StudyRequest(plan, search=search(minutes=minutes))
    except EdgeSlimError as error:
        show(error.record())
        return None


def _advanced(presets: Sequence[str]) -> partial[SearchRun]:
    """How to search, and when to stop before the time is up."""
    columns = st.columns(3, vertical_alignment="bottom")
    sampler = columns[0].selectbox(
        t("search.sampler"),
        SAMPLERS,
        format_func=lambda name: t(f"search.{name}"),
        help=t("search.sampler_help"),
        key="search_sampler",
    )
    trials, patience = (
        column.number_input(
            t(f"search.{name}"),
            min_value=1,
            value=None,
            placeholder=t("search.no_limit"),
            help=t(f"search.{name}_help"),
            key=f"search_{name}",
        )
        for column, name in zip(columns[1:], ("trials", "patience"), strict=True)
    )
    usual = SearchRun(minutes=MINUTES).preset
    preset = columns[0].selectbox(
        t("search.begin_with"),
        presets,
        index=presets.index(usual) if usual in presets else 0,
        format_func=lambda name: named("preset", name),
        help=t("search.begin_with_help"),
        disabled=sampler not in LEARNING,
        key="search_preset",
        on_change="ignore",
    )
    multi_fidelity = columns[1].toggle(
        t("search.multi_fidelity"),
        value=True,
        help=t("search.multi_fidelity_help"),
        key="search_multi_fidelity",
        on_change="ignore",
    )
    return partial(
        SearchRun,
        sampler=sampler,
        trials=trials,
        patience=patience,
        preset=preset,
        multi_fidelity=multi_fidelity,
    )
