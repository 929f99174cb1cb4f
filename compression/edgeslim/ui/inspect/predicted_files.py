"""Whether the X-ray's predictions were right for the files that the study has made."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from edgeslim import workbench
from edgeslim.jobs.errands.looking import LookInside
from edgeslim.report.predicted_files import PredictedFiles, predicted_files
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.words import numbered
from edgeslim.ui.inspect.file import InspectedFile
from edgeslim.ui.state import t
from edgeslim.units import MINUS, format_decibels, format_points, format_share

_WORDS = {"loss": "loss", "disagreement": "differ"}


def files_predicted(asked: LookInside, study: StudyResult, file: InspectedFile) -> None:
    """Which files were predicted to lose least, which do, and where this file stands; once the model was looked into."""
    told = data.once(_scored, study, asked)
    st.markdown(f"**{t('predicted.title')}**", help=t("predicted.title_help"))
    if told is None or not told.files:
        st.caption(t("predicted.none"))
        return
    rho = None if told.correlation is None else told.correlation.spearman
    if rho is None:
        st.markdown(t("predicted.few", count=len(told.files)))
    else:
        st.markdown(
            t(
                f"predicted.{_WORDS[told.measure]}",
                count=len(told.files),
                rho=f"{rho:.2f}".replace("-", MINUS),
            )
        )
    own = next((each for each in told.files if file.trial and each.number == file.trial.number), None)
    if own is not None:
        st.markdown(
            t("predicted.this", predicted=own.predicted_place, place=own.place, count=len(told.files))
        )
    trials = {trial.number: trial for trial in study.trials}
    rows = [
        {
            t("predicted.file"): numbered(trials[each.number]),
            t("inside.predicted"): format_decibels(each.predicted),
            t("predicted.lost"): format_points(each.loss),
            t("predicted.disagreement"): format_share(each.disagreement),
            t("predicted.place"): each.predicted_place,
            t("predicted.true_place"): each.place,
        }
        for each in told.files
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="predicted_files", alt=t("predicted.alt"))
    st.caption(t("predicted.left_out", count=told.left_out))


def _scored(study: StudyResult, asked: LookInside) -> PredictedFiles | None:
    found = workbench.inside(asked)
    return None if found is None else predicted_files(study, found)
