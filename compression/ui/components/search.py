"""What a study's search has come to, in two lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from compression.report.info import trial_of
from compression.ui.components.words import numbered
from compression.ui.i18n import plain
from compression.ui.state import t


def search_words(study: Mapping[str, Any]) -> None:
    """The search and how it ended, the front's hypervolume and knee, and the pick under the study's own budget."""
    search = study.get("search")
    if search is None:
        return
    proposed = [trial for trial in study["trials"] if trial.get("proposed")]
    told = t(
        "study.search",
        sampler=t(f"study.search.{search['sampler']}"),
        minutes=f"{search['spent'] / 60:.1f}",
        proposed=len(proposed),
        full=sum(trial["sizes"] is not None for trial in proposed),
    )
    st.caption(f"{told} · {t('study.search_end.' + search['ended'])}" if search["ended"] else told)
    volume, knee = study.get("hypervolume"), trial_of(study, study.get("knee"))
    if volume is not None:
        parts = [t("study.hypervolume", value=f"{volume['value']:.3f}")]
        parts += [] if knee is None else [t("study.knee", title=plain(numbered(knee)))]
        st.caption(" · ".join(parts), help=t("study.hypervolume_help"))
    choice = study.get("choice")
    if choice is not None and search["ended"]:
        pick = trial_of(study, choice["pick"])
        st.markdown(t("study.no_pick") if pick is None else t("study.pick", title=plain(numbered(pick))))
