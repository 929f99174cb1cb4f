"""What files say of all the images that they are compared on: run once, in a process of its own, for all who ask."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from edgeslim import workbench
from edgeslim.models.base import ModelSpec
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.tasks.base import Prediction
from edgeslim.ui import data
from edgeslim.ui.components.errands import await_errand
from edgeslim.ui.components.words import numbered
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t

MOST_KEPT = 48
"""Files whose predictions on all images stay in memory: about 0.3 MB each."""


def scored(study: StudyResult, images: workbench.Images | None = None) -> workbench.ScoredImages:
    """`data.scored`, once the images are there; until then the page ends here, as in `all_predictions`."""
    images, there = images or data.validation_images(study), _there()
    if images not in there:
        if not workbench.images_there(images):
            plan = data.sources(study)
            _run(study, t("seen.images"), None, images, plan.model, plan.spec)
            st.stop()
        there.add(images)
    return data.scored(study, images)


def all_predictions(
    study: StudyResult, trial: TrialResult, images: workbench.Images | None = None
) -> tuple[Prediction, ...]:
    """What a file says of every one of `data.scored`. As long as it is still to be run, the page ends here, with
    progress, and is drawn anew once it is done."""
    (model, spec), images = data.reading(study, trial), images or data.validation_images(study)
    fingerprint = scored(study, images).fingerprint
    memory, key = _memory(), (trial.sha256, model, spec, images, fingerprint)
    found = memory.get(key)
    if found is None:
        found = workbench.kept_predictions(trial.sha256 or "", images, model, spec=spec)
        if found is None:
            title = t("seen.running", file=plain(numbered(trial)))
            _run(study, title, trial.sha256, images, model, spec)
            st.stop()
        memory[key] = found
        for old in list(memory)[:-MOST_KEPT]:
            memory.pop(old, None)  # another visitor may have done so
    return found


@st.cache_resource(max_entries=1, show_spinner=False)
def _there() -> set[workbench.Images]:
    return set()


@st.cache_resource(max_entries=1, show_spinner=False)
def _memory() -> dict[tuple[Any, ...], tuple[Prediction, ...]]:
    return {}


def _run(
    study: StudyResult,
    title: str,
    sha256: str | None,
    images: workbench.Images,
    model: str,
    spec: ModelSpec | None,
) -> None:
    await_errand(
        partial(workbench.seeing_status, sha256, images, model, spec=spec),
        partial(workbench.see, study.name, sha256, images, model, spec=spec),
        title,
        key="see_again",
    )
