"""The gallery of damage for a classifier: images whose class changed, with both classes in their titles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from edgeslim import workbench
from edgeslim.report.class_damage import CLASS_KINDS, ClassFilter, ClassFinding, class_findings, class_tally
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.damage_filters import chips, class_choice, nothing_left, place_of, seen_choice
from edgeslim.ui.components.seen import all_predictions
from edgeslim.ui.components.words import class_name, numbered, trial_title
from edgeslim.ui.i18n import plain
from edgeslim.ui.picture.component import look_in_address, page_of, pictures
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
        np.stack([np.asarray(one) for one in all_predictions(study, trial, images)])
        for trial in (before, after)
    ]
    findings = class_findings(scored.truths, views[0], views[1])
    changed = sum(finding.changed for finding in findings)
    title(t("damage.finding_classes", title=plain(trial_title(after)), count=changed, total=len(findings)))
    wanted = _wanted(scored.labels)
    kinds, labels = class_tally(findings, wanted)
    there = {finding.kind for finding in findings}
    with st.container(horizontal=True, gap="small"):
        chips("kind", [kind for kind in CLASS_KINDS if kind in there], kinds, wanted.kind)
    left, right = st.columns([3, 9], vertical_alignment="bottom")
    with left:
        class_choice(scored.labels, labels, wanted.label)
    shown = [finding for finding in findings if wanted(finding)]
    with right:
        seen_choice(scored.labels, wanted.seen)
        st.caption(t("damage.classes_changed", changed=changed, count=len(shown), total=len(findings)))
    if not shown:
        nothing_left()
        return
    usual = Look(grid=True, truth=scored.truths is not None)
    look = look_in_address(usual, len(shown))
    first, count = page_of(look, GRID)
    part = tuple(finding.image for finding in shown[first : first + count])
    titles = [_words(finding, scored.labels) for finding in shown[first : first + count]]
    found = data.images_at(images, data.sources(study).model, part, scored.fingerprint)
    items = [
        Item(
            f"{words} · {scored.ids[place]}",
            shot,
            [view[place] for view in views],
            None if scored.truths is None else scored.truths[place],
        )
        for words, place, shot in zip(titles, part, found, strict=True)
    ]
    pictures(
        items,
        [ModelTitle(numbered(trial)) for trial in (before, after)],
        [class_name(label) for label in scored.labels],
        key="damage",
        look=look,
        plain=usual,
        series=f"{before.sha256} {after.sha256} {images} {wanted}",
        first=first,
        total=len(shown),
    )


def _wanted(labels: Sequence[str]) -> ClassFilter:
    """The filter that the address tells of; what makes no sense there filters nothing."""
    given = st.query_params
    kind = next((kind for kind in CLASS_KINDS if kind == given.get("kind")), None)
    return ClassFilter(
        kind, place_of(labels, "class"), place_of(labels, "as"), by_original=given.get("of") == "original"
    )


def _words(finding: ClassFinding, labels: Sequence[str]) -> str:
    """'stop → yield', or the class that both files see."""
    was, now = (class_name(labels[place]) for place in (finding.before, finding.after))
    return f"{was} → {now}" if finding.changed else was
