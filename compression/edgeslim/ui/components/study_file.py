"""A study's file, chosen among those that are here: for the pages that look at one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.study import study_choice
from edgeslim.ui.components.words import numbered
from edgeslim.ui.state import linked, one_of, t


@dataclass(frozen=True, slots=True)
class StudyFile:
    study: StudyResult
    trial: TrialResult
    here: Mapping[int, TrialResult]
    """All trials of the study whose files are here, by number."""


def study_file(
    which: DeltaGenerator,
    file: DeltaGenerator,
    clears: tuple[str, ...],
    first: Callable[[StudyResult], int | None] = lambda _: None,
    *,
    beside_original: bool = False,
) -> StudyFile | None:
    """The study and file of the address, and what chooses others; None, and why, where there is nothing to look at.

    `first` names the file where the address does not; else it is the first that is here. Another study `clears` these
    parameters. With `beside_original` the original is no choice, but has to be here.
    """
    with which:
        name = study_choice(clears=clears)
    if name is None:
        st.info(t("study.empty"), icon=":material/info:")
        return None
    study = data.load_study(name)
    here = {trial.number: trial for trial in study.trials if data.has_file(trial)}
    offered = list(here)
    if beside_original:
        offered = [number for number in here if number != study.baseline] if study.baseline in here else []
    if not offered:
        st.info(t("live.nothing" if here else "inspect.no_files"), icon=":material/hourglass_top:")
        go("study", t("compare.to_study"), icon=":material/arrow_forward:", study=name)
        return None
    wanted = first(study)
    with file:
        number = st.selectbox(
            t("inspect.file"),
            offered,
            format_func=lambda each: numbered(here[each]),
            label_visibility="collapsed",
            **linked("trial", wanted if wanted in offered else offered[0], one_of(offered)),
        )
    return StudyFile(study, here[number], here)
