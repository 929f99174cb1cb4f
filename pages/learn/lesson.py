"""One lesson: its question, an idea, experiments to predict and run, why, questions, what the field says."""

import streamlit as st

from edgeslim.report.lesson_words import LessonWords
from edgeslim.ui.components.navigation import go, presenting
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.top import from_the_top
from edgeslim.ui.lesson.alone import Alone
from edgeslim.ui.lesson.browser import keep, recall
from edgeslim.ui.lesson.device import choose_device
from edgeslim.ui.lesson.experiment import experiment
from edgeslim.ui.lesson.parts import field, heading, live_picture, neighbours, paper, teachers_page
from edgeslim.ui.lesson.questions import questions
from edgeslim.ui.state import language, t
from edgeslim.workbench import lessons

recall()
names = [each.name for each in lessons.course()]
name = st.query_params.get("lesson", names[0])
if name not in names:
    st.title(t("page.lesson"), anchor=False)
with boundary():
    lesson = lessons.find_lesson(name)
    from_the_top(name)
    words, alone = LessonWords(language(), name), Alone()
    heading(lesson, names.index(name) + 1, len(names))
    left, right = st.columns([3, 2], gap="large", vertical_alignment="top")
    left.markdown(words.say("idea"))
    with right:
        limit = choose_device()
    live_picture(lesson, limit)
    for each in lesson.experiments:
        with st.container(border=True):
            experiment(lesson, each, alone, limit)
    asked = [each for each in lesson.experiments if each.predicts is not None]
    seen = all(alone.revealed(name, each.name) for each in asked)
    st.header(t("learn.why"), anchor=False)
    with st.expander(t("learn.why_open" if seen else "learn.why_first"), expanded=seen):
        st.markdown(words.say("why"))
    st.header(t("learn.questions"), anchor=False)
    questions(lesson)
    field(lesson)
    if not presenting():
        teachers_page(lesson)
        paper(lesson, limit)
    neighbours(name)
go("learn", t("learn.course"), icon=":material/school:")
keep()
