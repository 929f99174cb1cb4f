"""Making a trial's file again, where the study came without it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from edgeslim import workbench
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import numbered
from edgeslim.ui.state import t
from edgeslim.units import format_clock

STARTING = 6.0
"""Seconds until the first step begins."""


def make_file(study: StudyResult, trial: TrialResult, *, key: str = "make_file") -> None:
    """A button that makes the trial's file from its recipe, or how far that is. For a file that is not here."""
    with boundary():
        look = partial(workbench.making_status, study, trial.number)
        if watched(look, t("make_file.running")):
            return
        seconds = STARTING + _seconds(trial)
        with st.container(horizontal=True, vertical_alignment="center"):
            words = t("make_file.button", time=format_clock(seconds))
            pressed = st.button(
                words, icon=":material/build:", key=f"{key}_{trial.number}", help=t("make_file.help")
            )
            st.caption(t("make_file.why"), width="content")
        ended(look())
        if pressed:
            workbench.make_again(study, trial.number)
            st.rerun()


def make_another(study: StudyResult) -> None:
    """The files that are not here, the quickest made first, of which one can be made. Nothing where all are here."""
    missing = {
        trial.number: trial
        for trial in study.trials
        if trial.measured and trial.sha256 and not data.has_file(trial)
    }
    if not missing:
        return
    quickest = sorted(missing, key=lambda number: (_seconds(missing[number]), number))
    number = st.selectbox(
        t("make_file.which", count=len(missing)),
        quickest,
        format_func=lambda number: numbered(missing[number]),
        key="make_another",
    )
    make_file(study, missing[number], key="make_other")


def _seconds(trial: TrialResult) -> float:
    """What its steps took."""
    return sum(stage.seconds for stage in trial.stages)
