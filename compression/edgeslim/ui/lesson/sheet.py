"""'What I predicted and what was true', to read and to keep."""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from edgeslim.lessons.base import LESSONS
from edgeslim.lessons.predictions import Curve, judge
from edgeslim.report.lesson_words import LessonWords
from edgeslim.report.prediction_sheet import Entry, sheet_html
from edgeslim.ui.lesson.alone import all_given
from edgeslim.ui.lesson.browser import forget_all
from edgeslim.ui.state import language, t
from edgeslim.workbench import lessons


def entries() -> list[Entry]:
    """Every prediction of this session whose truth was seen, in the order of the course."""
    given, found = all_given(), []
    for lesson in LESSONS:
        for one in lesson.experiments:
            mine = given.get((lesson.name, one.name))
            here = lessons.found(lesson.name, one) if mine is not None and mine.revealed else None
            if mine is None or here is None:
                continue
            right = lessons.verdict(one, mine.answer, here).right
            found.append(Entry(lesson.name, one, mine.answer, here.truth, here.interval, right))
    return found


def sheet() -> None:
    """A line for each, and the page to keep."""
    found = entries()
    if not found:
        st.markdown(t("learn.sheet_empty"))
        return
    st.markdown(t("learn.sheet_count", right=sum(one.right for one in found), total=len(found)))
    with st.container(horizontal=True):
        _keep_or_forget(found)
    for lesson, group in groupby(found, key=lambda one: one.lesson):
        words, mine = LessonWords(language(), lesson), list(group)
        right = t("learn.progress_right", right=sum(one.right for one in mine))
        with st.expander(f"**{words.say('title')}** · {right}"):
            st.markdown("\n".join(_told(one, words) for one in mine))


def _told(one: Entry, words: LessonWords) -> str:
    mark = ":material/check_circle:" if one.right else ":material/compare_arrows:"
    return f"- {mark} **{words.say(f'{one.experiment.name}.title')}** {_line(one, words)}"


def _keep_or_forget(found: list[Entry]) -> None:
    st.download_button(
        t("learn.sheet_download"),
        sheet_html(found, language()),
        file_name="edgeslim-predictions.html",
        mime="text/html",
        icon=":material/download:",
        on_click="ignore",
    )
    st.button(
        t("learn.forget"), icon=":material/restart_alt:", help=t("learn.forget_help"), on_click=forget_all
    )


def _line(one: Entry, words: LessonWords) -> str:
    predicted = one.experiment.predicts
    if isinstance(predicted, Curve):
        off = judge(predicted, one.given, one.truth).off or 0.0
        return t("learn.off_curve", distance=words.distance(predicted.unit.unit, off))
    mine, true = (words.answer(one.experiment, answer) for answer in (one.given, one.truth))
    return t("learn.sheet_line", mine=mine, true=true)
