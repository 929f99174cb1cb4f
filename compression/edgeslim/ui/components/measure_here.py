"""Whose machine the latencies on the screen are of, and measuring a study's files on this one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import streamlit as st

from edgeslim import workbench
from edgeslim.report.comparable import comparable
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.comparable import compared_on
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import words
from edgeslim.ui.state import linked, one_of, t
from edgeslim.ui.timed import HERE, OWN, TIMED


def measure_here(study: StudyResult, shown: Iterable[str]) -> None:
    """With what the `shown` figures may be compared, the machine among it and the choice where there are two, and a
    button; progress while it is measured, by whomever."""
    if not any(trial.latency for trial in study.trials) and workbench.timing_version(study) is None:
        compared_on(study, shown)
        return
    with boundary():
        look, can_be_timed = partial(workbench.timing_status, study), _can_be_timed(study)
        if can_be_timed and watched(look, t("timing.running")):
            return
        two = workbench.timing_here(study) is not None
        machine = comparable(study, [*shown, "latency"], words())
        if two:
            st.caption(machine)
        with st.container(horizontal=True, vertical_alignment="center", key="measured_on"):
            if not two:
                st.caption(machine, width="content")
            else:
                st.segmented_control(
                    t("timing.whose"),
                    [HERE, OWN],
                    format_func=lambda whose: t(f"timing.{whose}"),
                    label_visibility="collapsed",
                    required=True,
                    **linked(TIMED, HERE, one_of([HERE, OWN])),
                )
            if can_be_timed:
                _begin(study)
        if can_be_timed:
            ended(look())


def _can_be_timed(study: StudyResult) -> bool:
    original = study.original
    return study.state != "running" and original is not None and data.has_file(original)


def _begin(study: StudyResult) -> None:
    pressed = st.button(
        t("timing.begin"),
        icon=":material/timer:",
        key="measure_here",
        help=t("timing.begin_help"),
        type="tertiary",
    )
    if pressed:
        workbench.time_study(study)
        st.query_params.pop(TIMED, None)
        st.rerun()
