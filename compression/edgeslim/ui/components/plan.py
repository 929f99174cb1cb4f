"""What a new study is asked to run, and how."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan
from edgeslim.ui.state import t

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """What `start_study` takes."""

    plan: StudyPlan
    recipes: tuple[Recipe, ...] = ()
    search: SearchRun | None = None


def plan_form(plan: StudyPlan, validation: int | None, *, search: bool = False) -> StudyPlan:
    """The plan with name, image limit, workers, seeds and held-out share; `validation` is the number of images.

    A `search` runs each recipe that it finds with one seed, and has its own limit: neither is asked for.
    """
    with st.expander(t("plan.title"), icon=":material/tune:"):
        columns = st.columns(3, vertical_alignment="bottom")
        name = columns[0].text_input(
            t("plan.name"),
            key="plan_name",
            placeholder=t("plan.name_auto"),
            help=t("plan.name_help"),
            on_change="ignore",  # nothing on the page follows from it
        )
        limit = _number(columns[1], "limit", 1, validation, None, placeholder=t("plan.limit_all"))
        workers = _number(columns[2], "workers", 0, 64, 0)
        columns = st.columns(3, vertical_alignment="bottom")
        automatic = t("plan.held_out_auto")
        held_out = _number(columns[0], "held_out", 0.0, 0.9, None, step=0.05, placeholder=automatic)
        seeds, minutes = 1, None
        if not search:
            seeds = _number(columns[1], "seeds", 1, 20, 1)
            usual = t("plan.minutes_auto")
            minutes = _number(columns[2], "minutes", 0.5, 1440.0, None, step=1.0, placeholder=usual)
    return replace(
        plan,
        name=name.strip(),
        limit=limit,
        workers=workers,
        seeds=seeds,
        held_out=held_out,
        minutes=minutes,
    )


def _number(
    column: DeltaGenerator, name: str, least: float, most: float | None, value: float | None, **more: Any
) -> Any:
    """A number of the plan with its label, its help and its key; whole if its bounds are."""
    label, words = t(f"plan.{name}"), t(f"plan.{name}_help")
    return column.number_input(
        label,
        min_value=least,
        max_value=most,
        value=value,
        help=words,
        key=f"plan_{name}",
        **more,
    )
