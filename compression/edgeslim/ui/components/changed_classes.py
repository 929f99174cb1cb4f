"""The gallery of damage for a classifier: images whose class changed, with both classes in their titles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from edgeslim import workbench
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.words import class_name, numbered, trial_title
from edgeslim.ui.i18n import plain
from edgeslim.ui.picture.component import look_in_address, pictures
from edgeslim.ui.picture.payload import Item, Look, ModelTitle
from edgeslim.ui.state import t

GRID = 24
"""Pictures at once."""


def changed_classes(
    study: StudyResult,
    before: TrialResult,
    after: TrialResult,
    images: workbench.Images,
    title: Callable[[str], None],
) -> None:
    """First the images whose class changed, those whose probabilities moved most in front; then the others."""
    scored = data.scored(study, images)
    views = [
        np.stack([np.asarray(one) for one in data.all_predictions(study, trial, images)])
        for trial in (before, after)
    ]
    moved = np.abs(views[0] - views[1]).sum(axis=1) / 2
    classes = [view.argmax(axis=1) for view in views]
    changed = classes[0] != classes[1]
    order = np.lexsort((-moved, ~changed)).tolist()
    count = int(changed.sum())
    title(t("damage.finding_classes", title=plain(trial_title(after)), count=count, total=len(moved)))
    st.caption(t("damage.classes_changed", count=count, total=len(moved)))
    usual = Look(grid=True, truth=scored.truths is not None)
    look = look_in_address(usual, len(order))
    first, shown = (look.picture // GRID * GRID, GRID) if look.grid else (look.picture, 2)
    part = tuple(order[first : first + shown])

    def words(place: int) -> str:
        was, now = (class_name(scored.labels[view[place]]) for view in classes)
        return f"{was} → {now}" if changed[place] else was

    found = data.images_at(images, data.sources(study).model, part, scored.fingerprint)
    items = [
        Item(
            f"{words(place)} · {scored.ids[place]}",
            shot,
            [view[place] for view in views],
            None if scored.truths is None else scored.truths[place],
        )
        for place, shot in zip(part, found, strict=True)
    ]
    pictures(
        items,
        [ModelTitle(numbered(trial)) for trial in (before, after)],
        [class_name(label) for label in scored.labels],
        key="damage",
        look=look,
        plain=usual,
        series=f"{before.sha256} {after.sha256} {images}",
        first=first,
        total=len(order),
    )
