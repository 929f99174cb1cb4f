"""Whose latencies are shown: this machine's, or those that a study came with."""

from __future__ import annotations

import streamlit as st

from edgeslim import workbench
from edgeslim.studies.study import StudyResult
from edgeslim.studies.timing import retimed
from edgeslim.ui.kept import once
from edgeslim.workbench import devices

TIMED, HERE, OWN = "timed", "here", "own"
"""The parameter of the address, and its values."""


def timed(study: StudyResult) -> StudyResult:
    """The study with the latencies of this machine, if it was timed here, unless the address asks for its own; and with
    those of devices of one's own.
    """
    shown, version = _timed(study), devices.devices_version(study)
    return shown if version is None else once(_joined, shown, version)


def _timed(study: StudyResult) -> StudyResult:
    if study.state == "running" or st.query_params.get(TIMED) == OWN:
        return study
    version = workbench.timing_version(study)
    return study if version is None else once(_retimed, study, version)


def _retimed(study: StudyResult, version: str) -> StudyResult:
    timing = workbench.timing_here(study)
    return study if timing is None else retimed(study, timing)


def _joined(study: StudyResult, version: str) -> StudyResult:
    return devices.with_devices(study)
