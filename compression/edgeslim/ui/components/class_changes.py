"""What each class and each size of objects lost, and whether that is more than noise."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from edgeslim.analysis.parts import Parts, box_parts, class_parts
from edgeslim.metrics.tide import SIZES
from edgeslim.report.class_charts import parts_chart
from edgeslim.report.mistake_words import classes_sentence, few_classes
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.comparable import pair_compared_on
from edgeslim.ui.components.error_types import clickable, pair_of_boxes, pair_of_chances
from edgeslim.ui.components.judged_images import judged_images
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import class_name, words
from edgeslim.ui.kept import of_files
from edgeslim.ui.state import linked, t

MOST = 20
"""Classes at once, unless all are wanted."""


def class_changes(
    study: StudyResult, before: TrialResult, after: TrialResult, title: Callable[[str], None]
) -> None:
    """AP (of a classifier recall) by class, the largest loss first, and by size; `title` is told what was found."""
    with boundary():
        scored = judged_images(study, before, after)
        if scored is None:
            return
        boxes = scored.task == "detection"
        with st.spinner(t("errors.computing")), st.skeleton(height=620):
            found = of_files(_box_parts if boxes else _class_parts, study, before, after)
        titles = {label: class_name(label) for label in scored.labels}
        title(classes_sentence(found.classes, titles, words()))
        rows = found.classes
        if len(rows) > MOST and not st.toggle(
            t("classes.all", count=len(rows)), **linked("allclasses", False, {"True": True}.get)
        ):
            rows = rows[:MOST]
        sides = (t("damage.of_original"), t("damage.of_compressed"))
        st.markdown(f"**{t('classes.by_class' if boxes else 'classes.recall')}**")
        clickable(
            parts_chart(rows, titles, sides),
            "classes_chart",
            (lambda values: {"of": "compressed", "class": str(values[0])}) if boxes else None,
        )
        if boxes:
            st.markdown(f"**{t('classes.by_size')}**", help=t("errors.size_help"))
            clickable(
                parts_chart(found.sizes, {size: t(f"damage.{size}") for size in SIZES}, sides),
                "sizes_chart",
                lambda values: {"of": "compressed", "size": str(values[0])},
            )
        st.caption(t("classes.holm", images=found.images) + (t("classes.click") if boxes else ""))
        if few := few_classes(found.classes, words()):
            st.caption(few)
        pair_compared_on(study, found.images)


def _box_parts(study: StudyResult, before: TrialResult, after: TrialResult) -> Parts:
    return box_parts(*pair_of_boxes(study, before, after), data.scored(study).labels)


def _class_parts(study: StudyResult, before: TrialResult, after: TrialResult) -> Parts:
    return class_parts(*pair_of_chances(study, before, after), data.scored(study).labels)
