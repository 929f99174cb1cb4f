"""How far an errand is (jobs.errand), and how it is begun: by a button, or at once by whoever needs what it finds."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from edgeslim.progress import WAITS
from edgeslim.ui.components.problems import show
from edgeslim.ui.components.words import progress_words
from edgeslim.ui.state import t
from edgeslim.units import format_clock
from edgeslim.workbench import ErrandStatus

Look = Callable[[], ErrandStatus | None]
"""Reads how far an errand is; None if it was never begun."""
SoFar = Callable[[], object]
WATCH = 1.0
"""Seconds between two looks at an errand that runs."""


def watched(look: Look, title: str, *, leave: bool = False, so_far: SoFar | None = None) -> bool:
    """Whether the errand runs: then its progress is shown, and the page is drawn anew once it ends.

    `leave` adds that one need not wait for it, `so_far` shows what it has found.
    """
    if not _runs(look()):
        return False
    _watch(look, title, leave, so_far)
    return True


def ended(status: ErrandStatus | None) -> None:
    """Why an errand did not come to its end, if it did not."""
    if status is not None and status.error is not None:
        show(status.error)
    elif status is not None and status.state == "interrupted":
        st.warning(t("errand.interrupted"), icon=":material/warning:")


def offer(
    look: Look,
    begin: Callable[[], object],
    *,
    title: str,
    about: str,
    label: str,
    icon: str,
    key: str,
    so_far: SoFar | None = None,
) -> None:
    """What the errand is about, and a button that begins it; how far it is while it runs, and what it found so far."""
    if watched(look, title, leave=True, so_far=so_far):
        return
    ended(look())
    st.markdown(about)
    if st.button(label, icon=icon, key=key):
        begin()
        st.rerun()


def await_errand(look: Look, begin: Callable[[], object], title: str, *, key: str) -> None:
    """Begin it unless it runs, and show how far it is; if it did not come to its end, say why and offer to begin
    again."""
    status = look()
    if status is not None and status.state in ("failed", "interrupted"):
        ended(status)
        if not st.button(t("errand.again"), icon=":material/refresh:", key=key):
            return
    if not _runs(status):
        begin()
    _watch(look, title, False, None)


def _runs(status: ErrandStatus | None) -> bool:
    return status is not None and status.state == "running"


@st.fragment(run_every=WATCH)
def _watch(look: Look, title: str, leave: bool, so_far: SoFar | None) -> None:
    status = look()
    if status is None or status.state != "running":
        st.rerun()
    _progress(status, title)
    if leave:
        st.caption(t("errand.leave"))
    if so_far is not None:
        so_far()


def _progress(status: ErrandStatus, title: str) -> None:
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
