"""The parts of a lesson's page around its experiments."""

from __future__ import annotations

from functools import partial

import streamlit as st

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.lessons.live import Live
from edgeslim.report.lesson_axes import Drawing, Limit
from edgeslim.report.lesson_words import LessonWords
from edgeslim.ui.components.navigation import go, presenting
from edgeslim.ui.lesson.live.component import Room, live
from edgeslim.ui.lesson.outcomes import ask_for_outcomes, outcome_here
from edgeslim.ui.lesson.views import show_views
from edgeslim.ui.state import language, t
from edgeslim.workbench import lessons

LARGE = "<style>html {font-size: clamp(18px, 1.25vw, 40px) !important}</style>"
"""For the last row before a projector."""
TEACHER = ("claim", "evidence", "plan", "answers", "misconceptions")


def heading(lesson: Lesson, number: int, total: int) -> None:
    """The question as title; a button to show the lesson to an audience, or to stop that."""
    shown = presenting()
    if shown:
        st.html(LARGE)
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        st.caption(t("learn.number", number=number, total=total, minutes=lesson.minutes))
        st.title(LessonWords(language(), lesson.name).say("title"), anchor=False)
    right.button(
        t("learn.present_stop" if shown else "overview.start_presenting"),
        icon=":material/close:" if shown else ":material/slideshow:",
        type="tertiary" if shown else "secondary",
        on_click=_present,
        args=(not shown,),
    )


def _present(shown: bool) -> None:
    if shown:
        st.query_params["present"] = "1"
    else:
        st.query_params.pop("present", None)


def live_picture(lesson: Lesson, limit: Limit) -> None:
    """The picture that computes in the page: its first view; what else its experiment shows stands still below."""
    if lesson.live is None:
        return
    words, setting = LessonWords(language(), lesson.name), lesson.live()
    st.header(words.say(f"{lesson.live.name}.title"), anchor=False)
    outcome = outcome_here(lesson.name, setting)
    if outcome is None:
        ask_for_outcomes(lesson.name, (setting,), f"compute_{lesson.name}_live")
        return
    first, *others = outcome.views
    assert isinstance(first, Live), "declared so by the lesson"
    live(first, key=f"live_{lesson.name}", word=words.word, budget=Room(limit.name, int(limit.bytes)))
    show_views(others, Drawing(words, limit), f"live_views_{lesson.name}")
    if measured := words.measured_on(outcome.on):
        st.caption(measured)


def field(lesson: Lesson) -> None:
    """What the field says, with its sources."""
    words = LessonWords(language(), lesson.name)
    st.header(t("learn.field"), anchor=False)
    st.markdown(words.say("field"))
    st.markdown("\n".join(f"- [{source.title}]({source.url})" for source in lesson.sources))


def teachers_page(lesson: Lesson) -> None:
    words = LessonWords(language(), lesson.name)
    with st.expander(t("learn.teacher"), icon=":material/co_present:"):
        for part in TEACHER:
            st.markdown(f"**{t(f'learn.teacher.{part}')}** {words.say(f'teacher.{part}')}")


def paper(lesson: Lesson, limit: Limit) -> None:
    """The lesson to print, or to take along where no network is."""
    st.download_button(
        t("learn.paper"),
        partial(lessons.handout, lesson.name, language(), limit=limit),
        file_name=f"edgeslim-{lesson.name}-{language()}.html",
        mime="text/html",
        icon=":material/print:",
        on_click="ignore",
    )


def neighbours(name: str) -> None:
    """The lessons before and after."""
    names = LESSONS.names()
    place = names.index(name)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if place:
            _turn(names[place - 1], ":material/arrow_back:")
        if place + 1 < len(names):
            _turn(names[place + 1], ":material/arrow_forward:")


def _turn(name: str, icon: str) -> None:
    go(
        "lesson",
        LessonWords(language(), name).say("title"),
        icon=icon,
        lesson=name,
        device=st.query_params.get("device"),
        present=st.query_params.get("present"),
    )
