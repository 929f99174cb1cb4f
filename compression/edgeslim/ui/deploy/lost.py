"""What a file loses on the way to each format, and whether all of its operators arrive."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from edgeslim.report.formats import state_of
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui.components.words import named, notice_words
from edgeslim.ui.deploy.file import DeployedFile
from edgeslim.ui.i18n import error_text, plain
from edgeslim.ui.kept import of_files
from edgeslim.ui.state import language, t
from edgeslim.workbench import deploy


def lost(file: DeployedFile) -> None:
    counted = of_files(_operators, file.study, file.trial)
    total = sum(counted.values())
    for each in file.formats:
        found, state = each.figures, state_of(each)
        st.markdown(f"**{plain(each.runtime)}** · {named('format', each.format)}")
        if found is None:
            st.markdown(t(f"deploy.state_{state}"))
            continue
        if found.error is not None:
            st.markdown(f":material/error: {error_text(language(), found.error)}")
            continue
        decibels = (found.fidelity or {}).get("sqnr_db")
        told = t("deploy.all_operators", operators=len(counted), nodes=total)
        if decibels is not None:
            told += " " + t("deploy.proven", decibels=f"{decibels:.0f}")
        st.markdown(f":material/check: {told}")
        for notice in found.notices:
            st.markdown(f":material/warning: {notice_words(notice)}")
        if not found.notices:
            st.caption(t("deploy.nothing_lost"))
    for known in file.trial.notices:
        st.caption(f":material/warning: {notice_words(known)}")
    st.markdown(f"**{t('deploy.operators')}**")
    st.dataframe(
        pd.DataFrame({"operator": list(counted), "count": list(counted.values())}),
        hide_index=True,
        column_config={
            "operator": st.column_config.TextColumn(t("inspect.operator")),
            "count": st.column_config.NumberColumn(t("deploy.count")),
        },
        key="operators",
        height=min(38 * (len(counted) + 1) + 3, 420),
        alt=t("deploy.operators_alt", number=file.number),
    )


def _operators(study: StudyResult, trial: TrialResult) -> dict[str, int]:
    return dict(deploy.operators(study, trial.number))
