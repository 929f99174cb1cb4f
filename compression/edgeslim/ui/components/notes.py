"""Star and notes of a trial, for everybody who looks at the study."""

from __future__ import annotations

import streamlit as st

from edgeslim import workbench
from edgeslim.studies.notes import LONGEST, TrialNotes
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t


def trial_notes(study: StudyResult, number: int) -> None:
    """The star as a switch, the notes, and a field for another one."""
    sample = data.is_sample(study.name)
    known = data.notes(study).get(number, TrialNotes())
    with st.container(horizontal=True, vertical_alignment="center", key="trial_notes"):
        pressed = st.button(
            f"★ {t('notes.unstar')}" if known.star else f"☆ {t('notes.star')}",
            type="tertiary",
            key="star_trial",
        )
        with st.popover(t("notes.add"), icon=":material/edit_note:", type="tertiary"):
            _adding(study.name, number, sample)
    for note in known.notes:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/sticky_note_2: {plain(note.text)}", width="content", help=note.written)
            removed = st.button(
                t("notes.remove"), icon=":material/close:", type="tertiary", key=f"remove_note_{note.key}"
            )
        if removed:
            with boundary():
                workbench.remove_note(study.name, number, note.key, sample=sample)
                st.rerun()
    if pressed:
        with boundary():
            workbench.star_trial(study.name, number, not known.star, sample=sample)
            st.rerun()


def _adding(name: str, number: int, sample: bool) -> None:
    with st.form(f"note_{number}", clear_on_submit=True, border=False):
        text = st.text_area(t("notes.title"), max_chars=LONGEST, placeholder=t("notes.hint"))
        if st.form_submit_button(t("notes.keep")) and text.strip():
            with boundary():
                workbench.note_trial(name, number, text, sample=sample)
                st.rerun()
