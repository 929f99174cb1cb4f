"""What rounding errors of the inputs do to an int8 file's score: named beside its figures, and measured on request."""

from __future__ import annotations

from functools import partial

import streamlit as st

from edgeslim.errors import StudyError
from edgeslim.report.flips import flips_values
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import figure_name
from edgeslim.ui.state import t
from edgeslim.workbench import flips


def int8_flips(study: StudyResult, trial: TrialResult) -> None:
    """Nothing for a file that they cannot move."""
    if not trial.flips:
        return
    unknown = f":material/vibration: {t('flips.unknown')}"
    try:
        found = flips.flips_of(study, trial.number)
    except StudyError:  # its plan is not here, so that nothing can be measured
        st.caption(unknown)
        return
    if found is not None:
        values = flips_values(found, trial)
        st.caption(f":material/vibration: {t('flips.found', metric=figure_name(found.metric), **values)}")
        return
    with boundary():
        look = partial(flips.flips_status, study, trial.number)
        if watched(look, t("flips.running"), leave=True):
            return
        ended(look())
        st.caption(unknown)
        told = t("flips.begin_help", runs=flips.RUNS, images=(trial.accuracy or {}).get("images"))
        if data.has_file(trial) and st.button(
            t("flips.begin"), icon=":material/vibration:", key="flips", type="tertiary", help=told
        ):
            flips.begin_flips(study, trial.number)
            st.rerun()
