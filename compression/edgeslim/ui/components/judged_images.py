"""The images by which files are judged, for every section that compares what two of them get wrong."""

from __future__ import annotations

import streamlit as st

from edgeslim import workbench
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.state import t


def judged_images(
    study: StudyResult, before: TrialResult, after: TrialResult
) -> workbench.ScoredImages | None:
    """The labelled images, both files run on them; None, and said on the page, if nothing is known of the images."""
    scored = data.scored(study)
    if scored.truths is None:
        st.info(t("errors.no_truth"), icon=":material/label_off:")
        return None
    for trial in (before, after):
        data.all_predictions(study, trial)  # shows its progress here
    return scored
