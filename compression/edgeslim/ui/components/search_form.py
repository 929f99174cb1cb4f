"""What to search for: how long, what to weigh, what a file must keep, and how to go about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from edgeslim.errors import EdgeSlimError
from edgeslim.studies.choice import Budget
from edgeslim.studies.objectives import COSTS, DEFAULT, QUALITIES, check_objectives
from edgeslim.studies.search_run import LEARNING, SAMPLERS, SearchRun
from edgeslim.ui.components.budget import budget_fields
from edgeslim.ui.components.problems import show
from edgeslim.ui.components.words import named
from edgeslim.ui.state import t

LIMITS = ("download", "file", "latency_ratio", "loss", "accuracy", "agreement")
RARE_LIMITS = ("memory", "macs")
MINUTES = 8.0


def search_form(presets: Sequence[str]) -> dict[str, Any] | None:
    """`search`, `objectives` and `budget` for `start_study`; None, with the reason shown, if that is no search."""
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
        QUALITIES,
        format_func=lambda name: t(f"objective.{name}"),
        help=t("search.quality_help"),
        key="search_quality",
    )
    costs = columns[2].multiselect(
        t("search.costs"),
        COSTS,
        default=[name for name in DEFAULT if name in COSTS],
        format_func=lambda name: t(f"objective.{name}"),
        help=t("search.costs_help"),
        key="search_costs",
    )
    st.markdown(f"**{t('search.limits')}**", help=t("search.limits_help"))
    limits = budget_fields(LIMITS)
    with st.expander(t("search.advanced"), icon=":material/tune:"):
        way = _advanced(presets)
        limits |= budget_fields(RARE_LIMITS)
    try:
        return {
            "search": SearchRun(minutes=minutes, **way),
            "objectives": check_objectives((quality, *costs)),
            "budget": Budget(**limits),
        }
    except EdgeSlimError as error:
        show(error.to_json())
        return None


def _advanced(presets: Sequence[str]) -> dict[str, Any]:
    """How to search, and when to stop before the time is up, as `SearchRun` takes them."""
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
    return {
        "sampler": sampler,
        "trials": trials,
        "patience": patience,
        "preset": preset,
        "multi_fidelity": multi_fidelity,
    }
