"""The images by which files are judged, for every section that compares what two of them get wrong."""

from __future__ import annotations

import streamlit as st

from edgeslim import workbench
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui.components.seen import all_predictions, scored
from edgeslim.ui.state import t


def judged_images(
    study: StudyResult, before: TrialResult, after: TrialResult
) -> workbench.ScoredImages | None:
    """The labelled images, both files run on them; None, and said on the page, if nothing is known of the images."""
    known = scored(study)
    if known.truths is None:
        st.info(t("errors.no_truth"), icon=":material/label_off:")
        return None
    for trial in (before, after):
        all_predictions(study, trial)  # waits here, with progress
    return known
