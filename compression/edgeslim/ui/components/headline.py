"""One trial against the original, in four figures."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from edgeslim.report.figure_texts import figure_texts
from edgeslim.studies.study import StudyResult
from edgeslim.ui.components.comparable import compared_on
from edgeslim.ui.components.words import words


def figures(study: StudyResult, number: int) -> None:
    """Download, time, accuracy and agreement of a trial, each beside the original's."""
    colors: dict[str, Literal["green", "red", "gray"]] = {"good": "green", "bad": "red", "": "gray"}
    with st.container(horizontal=True, gap="medium"):
        for text in figure_texts(study, number, words()):
            st.metric(
                text.label,
                text.value,
                delta=text.change or None,
                delta_color=colors[text.tone],
                delta_arrow="off",
                delta_description=text.note or None,
                help=text.help,
                border=True,
                height="stretch",
            )
    trial = study.trial(number)
    if trial is not None:
        timed = [] if trial.latency is None else ["latency"]
        compared_on(study, [*timed, *([] if trial.primary_metric is None else [trial.primary_metric])])
