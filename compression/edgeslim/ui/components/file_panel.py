"""The file that is looked at: all about it, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from edgeslim import workbench
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.make_file import make_file
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.trial import links, trial_panel
from edgeslim.ui.state import select_trial, t
from edgeslim.units import format_bytes


def file_panel(study: StudyResult, shown: int | None, pick: int | None) -> None:
    """A trial in full; where it is not the pick, that is said. Without one, how to choose one."""
    with st.container(border=True):
        if shown is None:
            st.markdown(f":material/ads_click: {t('trial.none')}")
            return
        if pick is not None and shown != pick:
            _not_the_pick(shown, pick)
        trial_panel(study, shown, data.effects())
        trial = study.trial(shown)
        if trial is not None and trial.measured:
            with st.container(horizontal=True, vertical_alignment="center"):
                file_actions(study, trial, key="panel")
            if not data.has_file(trial):
                make_file(study, trial)
        links(study, shown)


def file_actions(study: StudyResult, trial: TrialResult, *, key: str) -> None:
    """Buttons to download a file and to compare what it sees, in the row around; nothing where the file is not here."""
    if trial.sizes is None or not data.has_file(trial):
        return
    st.download_button(
        t("trial.download_file", size=format_bytes(trial.sizes.file)),
        lambda: workbench.artifact_bytes(trial.sha256 or ""),
        file_name=f"{study.model}-{trial.number}.onnx",
        mime="application/octet-stream",
        icon=":material/download:",
        type="primary" if key == "panel" else "secondary",
        on_click="ignore",
        key=f"{key}_download",
        help=t("trial.download_help", size=format_bytes(trial.sizes.download), level=trial.sizes.zstd_level),
    )
    if trial.number != study.baseline:
        go(
            "compare",
            t("trial.compare"),
            icon=":material/compare:",
            study=study.name,
            trials=trial.number,
        )
        if key == "panel":
            go(
                "study",
                t("doctor.why"),
                icon=":material/stethoscope:",
                study=study.name,
                trial=trial.number,
                section="doctor",
            )
    if key == "panel" and study.baseline is not None and workbench.browser_runtime() is not None:
        go(
            "live",
            t("live.link"),
            icon=":material/videocam:",
            study=study.name,
            trial=trial.number if trial.number != study.baseline else None,
        )
    go(
        "inspect",
        t("trial.inspect"),
        icon=":material/account_tree:",
        study=study.name,
        trial=trial.number,
    )
    go(
        "deploy",
        t("trial.deploy"),
        icon=":material/rocket_launch:",
        study=study.name,
        trial=trial.number,
    )


def _not_the_pick(shown: int, pick: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="not_the_pick"):
        st.markdown(t("front.looking_at", shown=shown, pick=pick))
        st.button(t("front.show_pick", pick=pick), key="show_pick", on_click=select_trial, args=(pick,))
