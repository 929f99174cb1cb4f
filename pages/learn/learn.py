"""The course: a card for each lesson, the device that is the goal, and what was predicted until now."""

import streamlit as st

from edgeslim.report.lesson_words import LessonWords
from edgeslim.ui.components.navigation import go
from edgeslim.ui.lesson.alone import progress
from edgeslim.ui.lesson.browser import keep, recall
from edgeslim.ui.lesson.device import choose_device
from edgeslim.ui.lesson.outcomes import tell_missing
from edgeslim.ui.lesson.sheet import sheet
from edgeslim.ui.state import language, t
from edgeslim.workbench import lessons

recall()
st.title(t("learn.title", count=len(lessons.course())), anchor=False)
st.markdown(t("learn.about"))
tell_missing()
with st.container(width=520):
    choose_device()
for number, lesson in enumerate(lessons.course(), 1):
    words = LessonWords(language(), lesson.name)
    total, done, right = progress(lesson)
    if number % 2:  # a phone has the columns of each row below each other: in order
        row = st.columns(2)
    with row[(number - 1) % 2].container(border=True):
        go(
            "lesson",
            f"**{number} · {words.say('title')}**",
            icon=":material/check_circle:" if total and done == total else ":material/circle:",
            lesson=lesson.name,
            device=st.query_params.get("device"),
        )
        told = t("learn.progress", minutes=lesson.minutes, done=done, total=total)
        st.caption(f"{told} · {t('learn.progress_right', right=right)}" if done else told)
go("room", t("learn.to_room"), icon=":material/groups:")
st.header(t("learn.sheet"), anchor=False)
sheet()
keep()
