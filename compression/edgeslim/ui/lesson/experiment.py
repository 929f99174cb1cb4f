"""An experiment on a page: predict, lock, run, see what is true beside it, then move its controls."""

from __future__ import annotations

from typing import Any

import streamlit as st

from edgeslim.lessons.base import Experiment, Lesson, values_of
from edgeslim.lessons.kept import key_of
from edgeslim.lessons.predictions import Answer, Choice, Curve
from edgeslim.params import Param
from edgeslim.report.lesson_axes import Drawing, Limit
from edgeslim.report.lesson_reveal import beside_truth, curve_alone
from edgeslim.report.lesson_words import LessonWords
from edgeslim.ui.components.navigation import PAGES, go
from edgeslim.ui.lesson.drawn import drawn
from edgeslim.ui.lesson.outcomes import ask_for_outcomes, outcome_here
from edgeslim.ui.lesson.predicting import Predictions, ask_for
from edgeslim.ui.lesson.views import show_views
from edgeslim.ui.state import language, linked, one_of, t
from edgeslim.workbench import lessons

FEW = 4
"""So many words of a control stand side by side."""


def experiment(lesson: Lesson, one: type[Experiment], predictions: Predictions, limit: Limit) -> None:
    """The whole of it, as far as the prediction has come."""
    words = LessonWords(language(), lesson.name)
    st.subheader(words.say(f"{one.name}.title"), anchor=one.name)
    key = f"{lesson.name}_{one.name}"
    if one.predicts is not None:
        st.markdown(words.say(f"{one.name}.ask"))
        given = predictions.given(lesson.name, one.name)
        if given is None:
            _predict(lesson, one, predictions, words, key)
            return
        if not predictions.revealed(lesson.name, one.name):
            _locked(lesson, one, given, words)
            _run(lesson, one, predictions, key)
            return
        _verdict(lesson, one, given, words)
    _explore(lesson, one, words, limit, key)


def _predict(
    lesson: Lesson, one: type[Experiment], predictions: Predictions, words: LessonWords, key: str
) -> None:
    value = ask_for(words, one, None, f"predict_{key}")
    pressed = st.button(
        t("learn.lock"), type="primary", icon=":material/lock:", key=f"lock_{key}", disabled=value is None
    )
    if pressed and value is not None:
        predictions.lock(lesson.name, one.name, value)
        st.rerun()


def _locked(lesson: Lesson, one: type[Experiment], given: Answer, words: LessonWords) -> None:
    if isinstance(one.predicts, Curve):
        st.info(t("learn.locked_curve"), icon=":material/lock:")
        drawn(curve_alone(one, given, Drawing(words)), f"locked_{lesson.name}_{one.name}")
    else:
        st.info(t("learn.locked", answer=words.answer(one, given)), icon=":material/lock:")


def _run(lesson: Lesson, one: type[Experiment], predictions: Predictions, key: str) -> None:
    settings = lessons.settings_for_truth(one)
    if any(outcome_here(lesson.name, setting) is None for setting in settings):
        ask_for_outcomes(lesson.name, settings, f"compute_{key}")
    elif st.button(t("learn.run"), type="primary", icon=":material/play_arrow:", key=f"run_{key}"):
        predictions.reveal(lesson.name, one.name)
        st.rerun()


def _verdict(lesson: Lesson, one: type[Experiment], given: Answer, words: LessonWords) -> None:
    """The prediction stays visible, beside what is true, and how far off it was."""
    found = lessons.found(lesson.name, one)
    if found is None:  # computed when it was revealed, and gone since
        return
    verdict = lessons.verdict(one, given, found)
    if verdict.right:
        st.success(t("learn.right"), icon=":material/check_circle:")
    elif isinstance(one.predicts, Choice) or verdict.off is None or one.predicts is None:
        st.warning(t("learn.other"), icon=":material/compare_arrows:")
    else:
        off = words.distance(one.predicts.unit.unit, verdict.off)
        st.warning(
            t("learn.off_curve" if isinstance(one.predicts, Curve) else "learn.off", distance=off),
            icon=":material/compare_arrows:",
        )
    html = beside_truth(one, given, found.truth, found.interval, Drawing(words))
    drawn(html, f"truth_{lesson.name}_{one.name}")


@st.fragment
def _explore(lesson: Lesson, one: type[Experiment], words: LessonWords, limit: Limit, key: str) -> None:
    """The controls move along what was computed; the address tells where they stand."""
    given = _controls(one, words)
    setting = one.read(given)
    outcome = outcome_here(lesson.name, setting)
    if outcome is None:
        ask_for_outcomes(lesson.name, (setting,), f"compute_{key}_{key_of(lesson.name, setting)[:8]}")
        return
    st.markdown(words.result(one.name, outcome))
    show_views(outcome.views, Drawing(words, limit), f"views_{key}")
    if measured := words.measured_on(outcome.on):
        st.caption(measured)
    door = setting.door()
    if door is not None and door.page in PAGES:
        label = t("learn.door" if door.same else "learn.door_network")
        go(door.page, label, icon=":material/science:", **dict(door.parameters))


def _controls(one: type[Experiment], words: LessonWords) -> dict[str, Any]:
    controls = one.controls()
    if not controls:
        return {}
    st.caption(t("learn.move"))
    return {control.name: _control(one, control, words) for control in controls}


def _control(one: type[Experiment], control: Param, words: LessonWords) -> Any:
    label, values = words.control(one.name, control), list(values_of(control))

    def in_words(value: object) -> str:
        return words.value(one.name, control, value)

    place = linked(f"{one.name}.{control.name}", control.default, one_of(values))
    if control.type is bool:
        return st.toggle(label, **place)
    if not control.choices:
        return st.select_slider(label, values, format_func=in_words, **place)
    if len(values) <= FEW:
        return st.radio(label, values, format_func=in_words, horizontal=True, **place)
    return st.selectbox(label, values, format_func=in_words, **place)
