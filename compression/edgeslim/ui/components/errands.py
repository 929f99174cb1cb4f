"""How far an errand is (jobs.errand)."""

from __future__ import annotations

import streamlit as st

from edgeslim.progress import WAITS
from edgeslim.ui.components.problems import show
from edgeslim.ui.components.words import progress_words
from edgeslim.ui.state import t
from edgeslim.units import format_clock
from edgeslim.workbench import ErrandStatus


def errand_progress(status: ErrandStatus, title: str) -> None:
    """A bar with what is being done and the time left."""
    now = status.current
    if now is None or not now.total or now.message in WAITS:
        doing = t("progress.starting") if now is None else progress_words(now)
        st.caption(f":material/hourglass_top: {title} · {doing}")
        return
    text = f"{title} · {progress_words(now)} {now.done} / {now.total}"
    if status.left is not None:
        text = f"{text} · {t('errand.left', time=format_clock(status.left))}"
    st.progress(min(1.0, now.done / now.total), text=text)


def ended(status: ErrandStatus) -> None:
    """Why an errand did not come to its end, if it did not."""
    if status.error is not None:
        show(status.error)
    elif status.state == "interrupted":
        st.warning(t("errand.interrupted"), icon=":material/warning:")
