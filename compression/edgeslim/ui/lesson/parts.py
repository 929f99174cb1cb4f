"""The parts of a lesson's page around its experiments."""

from __future__ import annotations

import streamlit as st

from edgeslim.lessons.base import LESSONS, Lesson
from edgeslim.report.lesson_axes import Limit
from edgeslim.report.lesson_words import LessonWords
from edgeslim.ui.components.navigation import go
from edgeslim.ui.state import language, t

TEACHER = ("claim", "evidence", "plan", "answers", "misconceptions")


def live_picture(lesson: Lesson, limit: Limit) -> None:
    """The picture that computes in the page."""


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


def neighbours(name: str) -> None:
    """The lessons before and after."""
    names = LESSONS.names()
    place = names.index(name)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if place:
            _link(names[place - 1], ":material/arrow_back:")
        if place + 1 < len(names):
            _link(names[place + 1], ":material/arrow_forward:")


def _link(name: str, icon: str) -> None:
    title = LessonWords(language(), name).say("title")
    go("lesson", title, icon=icon, lesson=name, device=st.query_params.get("device"))
