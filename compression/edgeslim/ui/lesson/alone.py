"""A reader alone: predictions and answers lie in the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from edgeslim.lessons.base import Lesson
from edgeslim.lessons.predictions import Answer
from edgeslim.workbench import lessons

_PREDICTED, _ANSWERED = "learn_predicted", "learn_answered"


@dataclass(frozen=True, slots=True)
class Given:
    answer: Answer
    revealed: bool = False


class Alone:
    """`predicting.Predictions` of this session."""

    def given(self, lesson: str, experiment: str) -> Answer | None:
        found = all_given().get((lesson, experiment))
        return None if found is None else found.answer

    def revealed(self, lesson: str, experiment: str) -> bool:
        found = all_given().get((lesson, experiment))
        return found is not None and found.revealed

    def lock(self, lesson: str, experiment: str, answer: Answer) -> None:
        _kept()[lesson, experiment] = Given(answer)

    def reveal(self, lesson: str, experiment: str) -> None:
        _kept()[lesson, experiment] = replace(_kept()[lesson, experiment], revealed=True)


def all_given() -> Mapping[tuple[str, str], Given]:
    """Every prediction of this session, by lesson and experiment."""
    return _kept()


def restore(found: Mapping[tuple[str, str], Given]) -> None:
    """Add predictions of a former session; what was predicted since stands."""
    _kept().update({place: one for place, one in found.items() if place not in _kept()})


def forget() -> None:
    for name in (_PREDICTED, _ANSWERED):
        st.session_state.pop(name, None)


def _kept() -> dict[tuple[str, str], Given]:
    found: dict[tuple[str, str], Given] = st.session_state.setdefault(_PREDICTED, {})
    return found


def answered(lesson: str, question: str) -> str | None:
    """What was answered last."""
    found: dict[tuple[str, str], str] = st.session_state.get(_ANSWERED, {})
    return found.get((lesson, question))


def keep_answer(lesson: str, question: str, option: str) -> None:
    st.session_state.setdefault(_ANSWERED, {})[lesson, question] = option


def progress(lesson: Lesson) -> tuple[int, int, int]:
    """Predictions of a lesson: to make, revealed, right."""
    asked = [each for each in lesson.experiments if each.predicts is not None]
    alone, right, done = Alone(), 0, 0
    for each in asked:
        given = alone.given(lesson.name, each.name)
        if given is None or not alone.revealed(lesson.name, each.name):
            continue
        done += 1
        here = lessons.found(lesson.name, each)
        right += here is not None and lessons.verdict(each, given, here).right
    return len(asked), done, right
