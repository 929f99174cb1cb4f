"""Compare as commands of a shell and as a call in Python that give the same figures."""

from __future__ import annotations

import streamlit as st

from edgeslim.datasets.held_out import HELD_OUT_SHARE
from edgeslim.report.commands import ComparedFiles, errors_command, errors_python
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.state import address, number_in, t

USUAL = 0.5
"""The score from which boxes count, unless the address says otherwise."""


def copy_compare(study: StudyResult, before: TrialResult, after: TrialResult) -> None:
    """A button that shows them; nothing where classes were matched by hand, or where nothing is known of the images."""
    plan = data.sources(study)
    known = any(each.figure("paired_delta") is not None for each in (before, after))
    if plan.classes or not known:
        return
    share = HELD_OUT_SHARE if plan.held_out is None else plan.held_out
    asked = ComparedFiles(
        study=study.name,
        model=plan.model,
        dataset=plan.dataset,
        numbers=(before.number, after.number),
        threshold=number_in(0.05, 0.95)(st.query_params.get("confidence", "")) or USUAL,
        held_out=share if study.held_out else 0.0,
        limit=plan.limit,
    )
    if st.button(t("take.run"), icon=":material/terminal:", type="tertiary", key="copy_compare"):
        st.dialog(t("take.run"), width="medium", icon=":material/terminal:")(_told)(asked)


def _told(asked: ComparedFiles) -> None:
    st.caption(t("copy.about"))
    st.code(errors_command(asked), language="bash", wrap_lines=True)
    st.markdown(f"**{t('copy.python')}**")
    st.code(errors_python(asked).rstrip(), language="python", wrap_lines=True)
    st.markdown(f"**{t('trial.link')}**")
    shown = {name: value for name, value in st.query_params.items() if name != "study"}
    st.code(address("compare", study=asked.study, **shown), language=None, wrap_lines=True)
