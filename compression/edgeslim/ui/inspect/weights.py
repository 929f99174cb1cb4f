"""The weights of files, looked at in a process of its own, once for everybody."""

from __future__ import annotations

import streamlit as st

from edgeslim import workbench
from edgeslim.analysis.layer_weights import FileWeights
from edgeslim.ui.components.errands import ended, errand_progress
from edgeslim.ui.state import t

WATCH = 1.0
"""Seconds between two looks at the errand."""
MOST_KEPT = 32


def kept_weights(sha256: str) -> FileWeights | None:
    """The weights of a file, if anybody has had them looked at."""
    memory = _memory()
    found = memory.get(sha256) or workbench.layer_weights(sha256)
    if found is not None:
        memory[sha256] = found
        for old in list(memory)[:-MOST_KEPT]:
            memory.pop(old, None)  # another visitor may have done so
    return found


def look_at(who: str, sha256: str) -> None:
    """Have the weights looked at, and show how far that is; the page is drawn anew once it is done."""
    status = workbench.weights_status(sha256)
    if status is not None and status.state in ("failed", "interrupted"):
        ended(status)
        if not st.button(t("seen.again"), icon=":material/refresh:", key=f"look_again_{sha256[:8]}"):
            return
    if status is None or status.state != "running":
        workbench.look_at_weights(who, sha256)
    _watch(sha256)


@st.fragment(run_every=WATCH)
def _watch(sha256: str) -> None:
    status = workbench.weights_status(sha256)
    if status is None or status.state != "running":
        st.rerun()
    errand_progress(status, t("layer.looking"))


@st.cache_resource(max_entries=1, show_spinner=False)
def _memory() -> dict[str, FileWeights]:
    return {}
