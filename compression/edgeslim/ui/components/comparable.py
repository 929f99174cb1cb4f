"""With what the figures of a chart may be compared, said the same way under every chart."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from edgeslim.report.comparable import comparable, comparable_pair
from edgeslim.studies.study import StudyResult
from edgeslim.ui.components.words import words


def compared_on(study: StudyResult, names: Iterable[str]) -> None:
    """Of figures of a study's trials, by their names."""
    if told := comparable(study, names, words()):
        st.caption(told)


def pair_compared_on(study: StudyResult, images: int) -> None:
    """Of two files on the same images."""
    st.caption(comparable_pair(images, study.dataset, words()))
