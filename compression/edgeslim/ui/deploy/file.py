"""The trial whose file is deployed."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from edgeslim.report.findings import recommended
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.study import study_choice
from edgeslim.ui.components.words import numbered
from edgeslim.ui.state import linked, one_of, t
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
    with which:
        name = study_choice(clears=("trial",))
    if name is None:
        st.info(t("study.empty"), icon=":material/info:")
        return None
    study = data.load_study(name)
    here = {trial.number: trial for trial in study.trials if data.has_file(trial)}
    if not here:
        st.info(t("inspect.no_files"), icon=":material/hourglass_top:")
        go("study", t("compare.to_study"), icon=":material/arrow_forward:", study=name)
        return None
    take = data.once(recommended, study)
    with file:
        number = st.selectbox(
            t("inspect.file"),
            list(here),
            format_func=lambda each: numbered(here[each]),
            label_visibility="collapsed",
            **linked("trial", take if take in here else next(iter(here)), one_of(list(here))),
        )
    return DeployedFile(study=study, trial=here[number], formats=deploy.delivered(study, number))
