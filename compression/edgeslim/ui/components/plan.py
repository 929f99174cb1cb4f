"""What a new study is asked to run, and how."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from edgeslim import workbench
from edgeslim.errors import EdgeSlimError
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan
from edgeslim.ui.components.problems import show
from edgeslim.ui.state import t

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """What `start_study` takes."""

    plan: StudyPlan
    recipes: tuple[Recipe, ...] = ()
    search: SearchRun | None = None


def plan_form(plan: StudyPlan, validation: int | None, *, search: bool = False) -> StudyPlan | None:
    """The plan with name, image limit, workers, seeds and held-out share; `validation` is the number of images.

    None, with the reason shown, where a field holds what cannot be used. A `search` runs each recipe that it finds with
    one seed, and has its own limit: neither is asked for.
    """
    with st.expander(t("plan.title"), icon=":material/tune:"):
        columns = st.columns(3)
        name = (
            columns[0]
            .text_input(
                t("plan.name"),
                key="plan_name",
                placeholder=t("plan.name_auto"),
                help=t("plan.name_help"),
            )
            .strip()
        )
        named = _name_is_free(columns[0], name)
        limit = _number(columns[1], "limit", 1, validation, None, placeholder=t("plan.limit_all"))
        workers = _number(columns[2], "workers", 0, 64, 0)
        columns = st.columns(3)
        automatic = t("plan.held_out_auto")
        held_out = _number(columns[0], "held_out", 0.0, 0.9, None, step=0.05, placeholder=automatic)
        seeds, minutes = _Given(1), _Given(None)
        if not search:
            seeds = _number(columns[1], "seeds", 1, 20, 1)
            usual = t("plan.minutes_auto")
            minutes = _number(columns[2], "minutes", 0.5, 1440.0, None, step=1.0, placeholder=usual)
    if not (named and limit.sound and workers.sound and held_out.sound and seeds.sound and minutes.sound):
        return None
    return replace(
        plan,
        name=name,
        limit=limit.value,
        workers=workers.value,
        seeds=seeds.value,
        held_out=held_out.value,
        minutes=minutes.value,
    )


def _name_is_free(column: DeltaGenerator, name: str) -> bool:
    """Whether a study can have the name, or none is given; else the reason is shown."""
    try:
        if name:
            workbench.check_study_name(name)
    except EdgeSlimError as error:
        with column:
            show(error.record())
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Given:
    """What a field holds, and whether it can be used."""

    value: Any
    sound: bool = True


def _number(
    column: DeltaGenerator,
    name: str,
    least: float,
    most: float | None,
    value: float | None,
    *,
    step: float = 1,
    **more: Any,
) -> _Given:
    """A number of the plan with its label, its help and its key; whole if its step is.

    The bounds are checked here: a browser that is told of them keeps what breaks them to itself, and the study would
    begin with another number than the one that is seen.
    """
    label, words = t(f"plan.{name}"), t(f"plan.{name}_help")
    given = column.number_input(label, value=value, step=step, help=words, key=f"plan_{name}", **more)
    sound = given is None or (given >= least and (most is None or given <= most))
    if not sound:
        bounds = (
            t("plan.at_least", low=f"{least:g}")
            if most is None
            else t("plan.between", low=f"{least:g}", high=f"{most:g}")
        )
        column.error(bounds)
    return _Given(given, sound)
