"""Pictures with boxes on the screen: what the original sees, what a compressed file sees, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from edgeslim.detections import Annotations, Detections, Image
from edgeslim.metrics.fidelity import Fidelity
from edgeslim.studies.study import StudyResult
from edgeslim.tasks.base import Prediction
from edgeslim.ui import data
from edgeslim.ui.components.boxes import CHANGES, SYMBOLS, boxes_of, changes_of, draw
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.words import trial_title
from edgeslim.ui.state import t
from edgeslim.units import format_bytes

BADGES = {"kept": "green", "moved": "blue", "relabelled": "violet", "lost": "red", "gained": "orange"}
TOP_CLASSES = 3
CLASSIFIED_WIDTH = 220
"""Pixels; one object fills the picture."""


def picture(
    image: Image,
    prediction: Prediction,
    labels: Sequence[str],
    confidence: float,
    *,
    original: Prediction = None,
    truth: data.Truth = None,
    large: bool = False,
    alt: str,
    caption: str | None = None,
) -> Fidelity | None:
    """One model's view of an image; given the original's, what changed is marked, counted and returned."""
    found = data.changes(original, prediction, confidence)
    if isinstance(prediction, Detections):
        if isinstance(original, Detections) and found is not None:
            boxes = changes_of(original, prediction, found, labels, scores=not large)
        else:
            boxes = boxes_of(prediction.above(confidence), labels, scores=not large)
    else:
        boxes = []
    drawn = draw(image, boxes, truth if isinstance(truth, Annotations) else None, large=large)
    sees_boxes = prediction is None or isinstance(prediction, Detections)
    st.image(drawn, caption=caption, width="stretch" if sees_boxes else CLASSIFIED_WIDTH, alt=alt)
    if prediction is None:
        st.caption(t("compare.no_decoder"))
    elif not isinstance(prediction, Detections):
        _classes(prediction, labels, truth if isinstance(truth, int) else None)
    return found


def change_badges(found: Fidelity, *, names: bool = True) -> None:
    """How many boxes were kept, moved, relabelled, lost, gained: legend and count in one."""
    words = []
    for change in CHANGES:
        count = len(getattr(found, change))
        if count or names:
            words.append(f":{BADGES[change]}-badge[{SYMBOLS[change]} {t(f'change.{change}')} **{count}**]")
    st.markdown(" ".join(words))


def most_changed(study: StudyResult, number: int, confidence: float) -> tuple[int, int] | None:
    """(index, number of images): where in the gallery a trial's boxes changed most; None without boxes."""
    plan = data.sources(study)
    hashes = [trial.sha256 for trial in (study.original, study.trial(number)) if trial and trial.sha256]
    images = data.pictures(plan.dataset, None, 0, 24)
    damage: list[tuple[int, int]] = []
    for _, image, _ in images:
        views = [data.predicted(sha256, plan.model, plan.spec, image)[0] for sha256 in hashes]
        found = data.changes(views[0], views[1], confidence)
        if found is None:
            return None
        changed = 2 * len(found.lost) + 2 * len(found.gained) + len(found.relabelled) + len(found.moved)
        damage.append((changed, -len(found.kept)))  # of equally changed ones the clearest
    return (damage.index(max(damage)), len(images)) if images else None


def before_and_after(study: StudyResult, number: int) -> None:
    """The gallery picture that a trial changed most: the original's view above, the trial's below."""
    confidence = data.PICTURE_CONFIDENCE
    with st.spinner(t("app.loading")):
        worst = most_changed(study, number, confidence)
        plan = data.sources(study)
        index, count = worst or (0, 0)
        _, image, _ = data.pictures(plan.dataset, None, 0, 24)[index]
        trials = [trial for trial in (study.original, study.trial(number)) if trial and trial.sha256]
        views = [data.predicted(trial.sha256 or "", plan.model, plan.spec, image)[0] for trial in trials]
    for place, (key, trial) in enumerate(zip(("original", "compressed"), trials, strict=True)):
        size = format_bytes(trial.sizes.download if trial.sizes else None)
        words = {"title": trial_title(trial), "size": size}
        found = picture(
            image,
            views[place],
            data.labels(plan.model, plan.spec),
            confidence,
            original=views[0] if place else None,
            large=True,
            alt=t(f"overview.{key}", **words),
            caption=t(f"overview.{key}", **words),
        )
        if found is not None:
            change_badges(found, names=False)
    if worst is not None:
        st.caption(t("overview.picture_note", count=count, confidence=f"{confidence:g}"))
    go(
        "compare",
        t("trial.compare"),
        icon=":material/compare:",
        study=study.name,
        trials=number,
        image=index,
    )


def _classes(probabilities: np.ndarray[Any, Any], labels: Sequence[str], truth: int | None) -> None:
    """The most probable classes; the true one, where asked for, is marked."""
    order = np.argsort(-probabilities)[:TOP_CLASSES]
    for place, index in enumerate(order):
        name = labels[index] if index < len(labels) else str(index)
        mark = f" :green[{t('compare.true_class')}]" if truth is not None and index == truth else ""
        weight = "**" if place == 0 else ""
        st.progress(
            float(probabilities[index]), text=f"{weight}{name}{weight} {probabilities[index]:.2f}{mark}"
        )
    if truth is not None and truth not in order:
        st.caption(t("compare.truth_is", label=labels[truth] if truth < len(labels) else truth))
