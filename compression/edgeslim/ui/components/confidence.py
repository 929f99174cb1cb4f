"""What compression did to the scores of two files, in a sentence, figures and charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from edgeslim.analysis.errors import Change
from edgeslim.analysis.scores import Confidence, box_confidence, class_confidence
from edgeslim.detections import READING_SCORE
from edgeslim.report.confidence_charts import curve_chart, f1_chart, histogram_chart, reliability_chart, story
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.components.comparable import pair_compared_on
from edgeslim.ui.components.error_types import CONFIG, pair_of_boxes, pair_of_chances
from edgeslim.ui.components.judged_images import judged_images
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.kept import of_files
from edgeslim.ui.state import linked, number_in, t
from edgeslim.units import DASH, MINUS


def confidence_shift(
    study: StudyResult, before: TrialResult, after: TrialResult, title: Callable[[str], None]
) -> None:
    """Scores of both files on the labelled images; `title` is told whether they moved."""
    with boundary():
        scored = judged_images(study, before, after)
        if scored is None:
            return
        sides = (t("damage.of_original"), t("damage.of_compressed"))
        if scored.task == "classification":
            found = of_files(_of_classes, study, before, after)
            title(moved(found, "confidence.top1_"))
            _classifier(found, sides)
            pair_compared_on(study, found.images)
            return
        threshold: float = st.slider(
            t("picture.threshold"),
            0.05,
            0.95,
            step=0.05,
            **linked("confidence", READING_SCORE, number_in(0.05, 0.95)),
        )
        with st.spinner(t("errors.computing")), st.skeleton(height=720):
            found = of_files(_of_boxes, study, before, after, threshold)
        title(moved(found, "confidence."))
        st.markdown(f"**{sentence(found)}**")
        best = Change(found.sides[0].best, found.sides[1].best)
        intervals = [DASH if s.best_ci95 is None else _span(s.best_ci95, _plain) for s in found.sides]
        rows = [
            _row("confidence.map", found.mean_ap, _points),
            _row("confidence.f1", found.f1, _points),
            _row("confidence.ece", found.ece, _points),
            _row("confidence.best", best, _plain),
        ]
        _figures(rows)
        st.caption(
            t("confidence.best_intervals", before=intervals[0], after=intervals[1], images=found.images)
        )
        left, right = st.columns(2)
        with left:
            _titled("histogram")
            words = (t("confidence.right"), t("confidence.wrong"), t("confidence.score"))
            st.plotly_chart(histogram_chart(found, sides, words, line=True), key="conf_scores", config=CONFIG)
            _titled("curve")
            axes = (t("confidence.recall"), t("confidence.precision"))
            st.plotly_chart(curve_chart(found, sides, axes), key="conf_curve", config=CONFIG)
        with right:
            _titled("f1_chart")
            axes = (t("picture.threshold"), "F1")
            st.plotly_chart(f1_chart(found, sides, axes), key="conf_f1", config=CONFIG)
            _reliability(found, sides)
        pair_compared_on(study, found.images)


def _classifier(found: Confidence, sides: tuple[str, str]) -> None:
    rows = [
        _row("confidence.accuracy", found.mean_ap, _points),
        _row("confidence.ece", found.ece, _points),
    ]
    _figures(rows)
    left, right = st.columns(2)
    with left:
        _titled("histogram")
        words = (t("confidence.right"), t("confidence.wrong"), t("confidence.score"))
        st.plotly_chart(histogram_chart(found, sides, words, line=False), key="conf_scores", config=CONFIG)
    with right:
        _reliability(found, sides)


def _figures(rows: Sequence[dict[str, str]]) -> None:
    """As a table whose words wrap: all of it is read on a phone."""
    st.table(pd.DataFrame(rows).set_index(t("confidence.figure")))


def _reliability(found: Confidence, sides: tuple[str, str]) -> None:
    _titled("reliability")
    axes = (t("confidence.score"), t("confidence.share_right"))
    st.plotly_chart(reliability_chart(found, sides, axes), key="conf_reliability", config=CONFIG)


def _titled(name: str) -> None:
    st.markdown(f"**{t(f'confidence.{name}')}**", help=t(f"confidence.{name}_help"))


def moved(found: Confidence, of: str) -> str:
    """'Scores fell by 0.06 at the median (95 %: …)'."""
    return t(f"{of}{story(found)}", by=_shift(found), span=_interval(found))


def sentence(found: Confidence) -> str:
    """'At the fixed threshold 0.50 it loses 21 objects, of 300. At 0.41, its best F1 threshold, …'."""
    fixed = t(
        "confidence.at_fixed",
        threshold=f"{found.threshold:.2f}",
        what=_objects(found.lost),
        all=found.objects,
    )
    if abs(found.sides[1].best - found.threshold) < 0.005:
        return fixed + t("confidence.fixed_is_best")
    wrong = found.wrong_at_best
    best = t(
        "confidence.at_best",
        threshold=f"{found.sides[1].best:.2f}",
        fixed=f"{found.threshold:.2f}",
        what=_objects(found.lost_at_best),
        wrong=t(
            f"confidence.wrong_{'more' if wrong > 0 else 'fewer' if wrong < 0 else 'same'}", count=abs(wrong)
        ),
    )
    return fixed + best


def _objects(lost: int) -> str:
    name = "loses" if lost > 0 else "gains" if lost < 0 else "keeps"
    return t(f"confidence.{name}", count=abs(lost))


def _shift(found: Confidence) -> str:
    return "" if found.shift is None else f"{abs(found.shift.median):.2f}"


def _interval(found: Confidence) -> str:
    if found.shift is None or found.shift.ci95 is None:
        return DASH
    return " … ".join(_signed(each, 3) for each in found.shift.ci95)


def _row(key: str, change: Change, text: Callable[[float], str]) -> dict[str, str]:
    """A figure of both files, with the paired interval of its change."""
    told = [DASH if each is None else text(each) for each in (change.before, change.after)]
    difference = DASH if change.difference is None else _changed(change.difference, text)
    if change.ci95 is not None:
        difference += f" ({_span(change.ci95, lambda value: _changed(value, text))})"
    return {
        t("confidence.figure"): t(key),
        t("damage.of_original"): told[0],
        t("damage.of_compressed"): told[1],
        t("confidence.change"): difference,
    }


def _changed(value: float, text: Callable[[float], str]) -> str:
    """With its sign: '+0.1', '−0.2'; what rounds to nothing is '±0.0'."""
    words = text(abs(value))
    return ("+" if value > 0 else MINUS if value < 0 else "±") + words if float(words) else f"±{words}"


def _span(bounds: tuple[float, float], text: Callable[[float], str]) -> str:
    return " … ".join(text(each) for each in bounds)


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", MINUS)


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _signed(value: float, decimals: int) -> str:
    return f"{value:+.{decimals}f}".replace("-", MINUS)


def _of_boxes(study: StudyResult, before: TrialResult, after: TrialResult, threshold: float) -> Confidence:
    return box_confidence(*pair_of_boxes(study, before, after), data.scored(study).labels, threshold)


def _of_classes(study: StudyResult, before: TrialResult, after: TrialResult) -> Confidence:
    return class_confidence(*pair_of_chances(study, before, after), 0.5)
