"""The questions after the experiments: every option has its own answer."""

from __future__ import annotations

import streamlit as st

from edgeslim.lessons.base import Lesson
from edgeslim.report.lesson_words import LessonWords
from edgeslim.ui.lesson.alone import answered, keep_answer
from edgeslim.ui.state import language


def questions(lesson: Lesson) -> None:
    """All of a lesson's questions; what was answered stays, and may be changed."""
    words = LessonWords(language(), lesson.name)
    for question in lesson.questions:
        key, options = f"question_{lesson.name}_{question.name}", list(question.options)
        before = answered(lesson.name, question.name)
        chosen = st.radio(
            f"**{words.say(f'{question.name}.ask')}**",
            options,
            index=options.index(before) if before in options else None,
            format_func=lambda option, name=question.name: words.say(f"{name}.{option}"),
            key=key,
        )
        if chosen is None:
            continue
        keep_answer(lesson.name, question.name, chosen)
        told = words.say(f"{question.name}.{chosen}_why")
        if chosen == question.right:
            st.success(told, icon=":material/check_circle:")
        else:
            st.info(told, icon=":material/lightbulb:")
