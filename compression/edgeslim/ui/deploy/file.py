"""The trial whose file is deployed."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from edgeslim.report.findings import recommended
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.study_file import study_file
from edgeslim.workbench import deploy
from edgeslim.workbench.deploy import Delivered


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedFile:
    """What every section of the page is given."""

    study: StudyResult
    trial: TrialResult
    formats: tuple[Delivered, ...]
    """In every runtime there is, the main one first."""

    @property
    def number(self) -> int:
        return self.trial.number


def deployed_file() -> DeployedFile | None:
    """The file of the address, and what chooses another one; the one to take, where the address names none."""
    which, file = st.columns([1, 2], vertical_alignment="bottom")
    chosen = study_file(which, file, ("trial",), lambda study: data.once(recommended, study))
    if chosen is None:
        return None
    study, trial = chosen.study, chosen.trial
    return DeployedFile(study=study, trial=trial, formats=deploy.delivered(study, trial.number))
