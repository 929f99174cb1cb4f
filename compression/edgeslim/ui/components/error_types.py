"""The kinds of mistakes of two files, what each costs, and which classes they confuse; a click leads to the crops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from edgeslim.analysis.errors import (
    Matrix,
    Mistakes,
    box_confusion,
    boxes_of,
    chances_of,
    class_confusion,
    mistakes,
)
from edgeslim.detections import Annotations, Detections, Doubles, IntArray
from edgeslim.metrics.tide import KINDS, SIZES, Tide, tide
from edgeslim.report.error_types import (
    MOST_CLASSES,
    TOTALS,
    VIEWS,
    confusion,
    confusion_chart,
    cost_rows,
    count_rows,
    occurring,
    rows_chart,
)
from edgeslim.report.mistake_words import grown
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.comparable import pair_compared_on
from edgeslim.ui.components.judged_images import judged_images
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.seen import all_predictions
from edgeslim.ui.components.words import class_name, words
from edgeslim.ui.kept import of_files
from edgeslim.ui.state import linked, number_in, one_of, several_of, t
from edgeslim.units import format_points

CONFIG = {"displayModeBar": False}


def error_types(
    study: StudyResult, before: TrialResult, after: TrialResult, title: Callable[[str], None]
) -> None:
    """TIDE's kinds of both files, then the confusion matrix; `title` is told how AP50 changed."""
    with boundary():
        scored = judged_images(study, before, after)
        if scored is None:
            return
        if scored.task == "classification":
            st.info(t("errors.no_kinds"), icon=":material/school:")
            matrices = of_files(_class_confusion, study, before, after)
            _matrix(scored.labels, matrices, boxes=False)
            st.caption(t("errors.click_cell"))
            pair_compared_on(study, len(scored.ids))
            return
        left, right = st.columns(2, vertical_alignment="bottom")
        with left:
            size = st.segmented_control(
                t("errors.size"),
                SIZES,
                format_func=lambda each: t(f"damage.{each}"),
                help=t("errors.size_help"),
                **linked("size", None, one_of(SIZES)),
            )
        with right:
            confidence: float = st.slider(
                t("picture.threshold"),
                0.05,
                0.95,
                step=0.05,
                help=t("errors.threshold_help"),
                **linked("confidence", 0.5, number_in(0.05, 0.95)),
            )
        with st.spinner(t("errors.computing")), st.skeleton(height=620):
            judged = of_files(_mistakes, study, before, after, confidence)
        costs, counts = cost_rows(judged, size), count_rows(judged, size)
        titles = {kind: t(f"damage.{kind}") for kind in KINDS} | {
            name: t(f"errors.{name}") for name in TOTALS
        }
        sides = (t("damage.of_original"), t("damage.of_compressed"))
        ap50 = [format_points(value) for value in (judged.ap50.before, judged.ap50.after)]
        title(t("errors.ap50", before=ap50[0], after=ap50[1], images=judged.images))
        st.markdown(f"**{grown(judged, words())}**")
        for column, name, rows, decimals in zip(
            st.columns(2), ("costs", "counts"), (costs, counts), (1, 0), strict=True
        ):
            with column:
                st.markdown(
                    f"**{t(f'errors.{name}', confidence=f'{confidence:.2f}')}**",
                    help=t(f"errors.{name}_help"),
                )
                clickable(
                    rows_chart(rows, titles, sides, t("chart.interval"), decimals), f"errors_{name}", _to_kind
                )
        st.caption(t("errors.click"))
        matrices = of_files(_box_confusion, study, before, after, confidence)
        _matrix(scored.labels, matrices, boxes=True)
        pair_compared_on(study, judged.images)


def _matrix(labels: Sequence[str], matrices: tuple[Matrix, Matrix], boxes: bool) -> None:
    st.markdown(f"**{t('errors.matrix')}**", help=t("errors.matrix_help") if boxes else None)
    view = st.segmented_control(
        t("errors.view"),
        VIEWS,
        format_func=lambda each: t("errors.difference") if each == "difference" else t(f"damage.of_{each}"),
        label_visibility="collapsed",
        required=True,
        **linked("matrix", "difference", one_of(VIEWS)),
    )
    info = confusion(matrices[0], matrices[1], len(labels), _classes_wanted(labels, matrices))
    axes = (t("errors.background"), t("damage.missed"), t("errors.true"), t("errors.predicted"))
    figure = confusion_chart(info, view, {k: class_name(label) for k, label in enumerate(labels)}, axes)

    def to_cell(values: Sequence[Any]) -> dict[str, str]:
        truth, seen = (None if int(value) < 0 else labels[int(value)] for value in values)
        asked = {"of": "original" if view == "original" else "compressed"}
        if truth is None:
            return {**asked, "kind": "background", "as": seen or ""}
        if seen is None:
            return {**asked, "kind": "missed", "class": truth}
        if not boxes:
            return {**asked, "class": truth, "as": seen}
        kind = "right" if truth == seen else "classification"
        return {**asked, "kind": kind, "class": truth, "as": seen}

    clickable(figure, "errors_matrix", to_cell)
    st.caption(t("errors.matrix_change" if view == "difference" else "errors.matrix_counts"))
    if info.left_out:
        st.caption(
            t("errors.left_out", shown=len([k for k in info.rows if k is not None]), more=info.left_out)
        )


def _classes_wanted(labels: Sequence[str], matrices: tuple[Matrix, Matrix]) -> list[int]:
    """Classes chosen by hand, where there are more than fit; none: those of which most changed."""
    there = occurring(*matrices, len(labels))
    if len(there) <= MOST_CLASSES:
        return []
    chosen = st.multiselect(
        t("errors.classes"),
        [labels[place] for place in there],
        format_func=class_name,
        max_selections=MOST_CLASSES,
        placeholder=t("errors.most_changed", count=MOST_CLASSES),
        select_all=False,
        **linked("classes", None, several_of([labels[place] for place in there])),
    )
    return [labels.index(name) for name in chosen]


def _to_kind(values: Sequence[Any]) -> dict[str, str]:
    kind, side = str(values[0]), str(values[1])
    kinds = {"false_positives": {}, "false_negatives": {"kind": "missed"}}
    return {"of": side, **kinds.get(kind, {"kind": kind})}


def clickable(figure: Any, key: str, meaning: Callable[[Sequence[Any]], Mapping[str, str]] | None) -> None:
    """A chart whose marks lead to the gallery: `meaning` gives the address parameters of a mark's customdata."""

    def clicked() -> None:
        for point in st.session_state[key].selection.points[:1]:
            given = point.get("customdata")
            if given and meaning is not None:
                show_crops(meaning(list(given.values()) if isinstance(given, Mapping) else given))

    picks: dict[str, Any] = {"on_select": clicked, "selection_mode": "points"} if meaning else {}
    st.plotly_chart(figure, key=key, config=CONFIG, **picks)


def show_crops(asked: Mapping[str, str]) -> None:
    """Open the gallery of mistakes on the validation images with these filters; a size stays as it was chosen."""
    for name in ("kind", "class", "as", "of", "image", "over"):
        st.query_params.pop(name, None)
    for name, value in {"section": "damage", "against": "truth", **asked}.items():
        st.query_params[name] = value


def pair_of_boxes(
    study: StudyResult, before: TrialResult, after: TrialResult
) -> tuple[list[Annotations], list[Detections], list[Detections]]:
    """The annotated images' objects, and what two detectors see there."""
    truths = data.scored(study).truths or ()
    pair = boxes_of(truths, all_predictions(study, before), all_predictions(study, after))
    return pair if pair is not None else ([], [], [])


def pair_of_chances(
    study: StudyResult, before: TrialResult, after: TrialResult
) -> tuple[IntArray, Doubles, Doubles]:
    """The labelled images' classes, and two classifiers' probabilities."""
    truths = data.scored(study).truths or ()
    return chances_of(truths, all_predictions(study, before), all_predictions(study, after))


def _mistakes(study: StudyResult, before: TrialResult, after: TrialResult, confidence: float) -> Mistakes:
    classes = len(data.scored(study).labels)
    whole = of_files(_whole, study, before, after)
    return mistakes(*pair_of_boxes(study, before, after), classes, confidence, whole)


def _whole(study: StudyResult, before: TrialResult, after: TrialResult) -> tuple[Tide, Tide]:
    """Over all scores, so whatever the threshold."""
    truths, first, second = pair_of_boxes(study, before, after)
    classes = len(data.scored(study).labels)
    return tide(truths, first, classes), tide(truths, second, classes)


def _box_confusion(
    study: StudyResult, before: TrialResult, after: TrialResult, confidence: float
) -> tuple[Matrix, Matrix]:
    truths, first, second = pair_of_boxes(study, before, after)
    classes = len(data.scored(study).labels)
    return (
        box_confusion(truths, first, classes, confidence),
        box_confusion(truths, second, classes, confidence),
    )


def _class_confusion(study: StudyResult, before: TrialResult, after: TrialResult) -> tuple[Matrix, Matrix]:
    truth, first, second = pair_of_chances(study, before, after)
    return class_confusion(truth, first), class_confusion(truth, second)
