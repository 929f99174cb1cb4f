"""The ten lines that run the file in a program of one's own."""

from __future__ import annotations

import streamlit as st

from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui.deploy.file import DeployedFile
from edgeslim.ui.kept import of_files
from edgeslim.ui.state import linked, one_of, t
from edgeslim.workbench import deploy


def code(file: DeployedFile) -> None:
    """By runtime and language, with what our tests have done with it."""
    found = {
        each.runtime: lines
        for each in file.formats
        if (lines := of_files(_usage, file.study, file.trial, each.runtime))
    }
    runtimes = list(found)
    if not runtimes:
        st.info(t("deploy.no_code"), icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        runtime = runtimes[0]
        if len(runtimes) > 1:
            runtime = st.segmented_control(
                t("deploy.runtime"), runtimes, required=True, **linked("runtime", runtime, one_of(runtimes))
            )
        languages = list(found[runtime])
        chosen = st.segmented_control(
            t("deploy.language"),
            languages,
            format_func=lambda each: t(f"deploy.code_{each}"),
            required=True,
            **linked("code", languages[0], one_of(languages)),
        )
    st.caption(t(f"deploy.checked_{deploy.CHECKED[chosen]}"))
    # A highlighter's colours hardly stand out; a line that scrolls is out of a keyboard's reach.
    st.code(found[runtime][chosen].rstrip(), language=None, wrap_lines=True)
    st.caption(t("deploy.outputs"))


def _usage(study: StudyResult, trial: TrialResult, runtime: str) -> dict[str, str]:
    each = next(each for each in deploy.delivered(study, trial.number) if each.runtime == runtime)
    return dict(deploy.usage(study, trial.number, each))
