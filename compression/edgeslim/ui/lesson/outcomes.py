"""Outcomes on a page: kept for everybody once read; a missing one is computed in a process that all share."""

from __future__ import annotations

from functools import partial

import streamlit as st

from edgeslim.lessons.base import Experiment, Outcome
from edgeslim.lessons.kept import key_of
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.state import t
from edgeslim.workbench import lessons


def outcome_here(lesson: str, setting: Experiment) -> Outcome | None:
    """The outcome, if it was ever computed."""
    kept, key = _kept(), key_of(lesson, setting)
    if key not in kept:
        found = lessons.lesson_outcome(lesson, setting)
        if found is None:
            return None
        kept[key] = found
    return kept[key]


@st.cache_resource(max_entries=1, show_spinner=False)
def _kept() -> dict[str, Outcome]:
    """By key; all lessons together are a few hundred outcomes of some KB."""
    return {}


def tell_missing() -> None:
    """How much of the course whoever opens it first would wait for, and how to compute it before a class."""
    count = _count_missing()
    if count:
        st.info(t("learn.missing", count=count), icon=":material/hourglass_top:")


@st.cache_data(ttl=30, max_entries=1, show_spinner=False)
def _count_missing() -> int:
    return lessons.count_missing()


def ask_for_outcomes(lesson: str, settings: tuple[Experiment, ...], key: str) -> None:
    """Progress where somebody has one of them computed, else a button that begins."""
    missing = [setting for setting in settings if outcome_here(lesson, setting) is None]
    title = t("learn.computing", number=len(settings) - len(missing) + 1, total=len(settings))
    if any(watched(partial(lessons.outcome_status, lesson, each), title) for each in missing):
        return
    status = lessons.outcome_status(lesson, missing[0]) if missing else None
    if status is not None and status.state in ("failed", "interrupted"):
        ended(status)
    elif st.session_state.get(f"{key}_asked") and missing:
        lessons.begin_outcome(lesson, missing[0])
        st.rerun()
    st.markdown(t("learn.not_computed", count=len(missing)))
    if st.button(t("learn.compute"), icon=":material/play_arrow:", key=key):
        st.session_state[f"{key}_asked"] = True
        lessons.begin_outcome(lesson, missing[0])
        st.rerun()
