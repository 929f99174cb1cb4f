"""What a file loses, in one small picture."""

from __future__ import annotations

import streamlit as st

from edgeslim.detections import READING_SCORE
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.gallery import SCENES, most_changed, seen
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import numbered
from edgeslim.ui.picture.component import pictures
from edgeslim.ui.picture.payload import Look, ModelTitle
from edgeslim.ui.state import linked, one_of, t


def lost_picture(study: StudyResult, number: int | None) -> None:
    """On demand, the picture of the gallery that a file changed most, its changes only; nothing without the files.

    On demand because both files then run on the gallery, and a study is otherwise looked at without running any.
    """
    trial, original = study.trial(number), study.original
    if trial is None or original is None or trial is original:
        return
    if not data.has_file(trial) or not data.has_file(original) or "lost" not in (trial.fidelity or {}):
        return  # a classifier has no boxes that could be lost
    if not st.toggle(t("front.lost", number=trial.number), **linked("lost", False, one_of((True, False)))):
        return
    look = Look(confidence=READING_SCORE, view="changes")
    with boundary():
        with st.skeleton(height=260):
            worst = data.once(most_changed, study, trial.number, look.confidence)
        if worst is None:
            return
        index, count = worst
        plan = data.sources(study)
        picture = data.pictures(plan.dataset, None, 0, SCENES)[index]
        item = seen(study, [original, trial], *picture)
        titles = [ModelTitle(t("trial.original")), ModelTitle(numbered(trial))]
        pictures([item], titles, data.labels(plan.model, plan.spec), key="lost_picture", look=look, bare=True)
        st.caption(t("front.lost_note", count=count, confidence=f"{look.confidence:g}"))
        go(
            "compare",
            t("front.lost_more"),
            icon=":material/compare:",
            study=study.name,
            trials=trial.number,
            image=index,
        )
