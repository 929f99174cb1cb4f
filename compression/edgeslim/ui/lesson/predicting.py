"""Predicting: the controls to predict with, and where predictions are kept.

`Predictions` is the seam: alone they are kept in the session (`alone.py`), in a room with the class. Whoever shows an
experiment asks through it what was predicted and whether the truth may be seen.
"""

from __future__ import annotations

from typing import Protocol, cast

import streamlit as st

from edgeslim.lessons.base import Experiment, values_of
from edgeslim.lessons.predictions import Answer, Choice, Curve, Number
from edgeslim.lessons.views import Axis
from edgeslim.report.lesson_axes import tick
from edgeslim.report.lesson_words import PERCENT, LessonWords
from edgeslim.report.svg import Scale, ticks
from edgeslim.ui.lesson.curve.component import Canvas, curve
from edgeslim.ui.state import t


class Predictions(Protocol):
    """What one person has predicted."""

    def given(self, lesson: str, experiment: str) -> Answer | None:
        """The locked prediction; None while there is none."""

    def revealed(self, lesson: str, experiment: str) -> bool:
        """Whether the truth may be shown."""

    def lock(self, lesson: str, experiment: str, answer: Answer) -> None:
        """From now on it stands."""

    def reveal(self, lesson: str, experiment: str) -> None:
        """The experiment has run."""


def ask_for(
    words: LessonWords, experiment: type[Experiment], before: Answer | None, key: str
) -> Answer | None:
    """A slider, options or a sheet to draw on, inside a form or outside. None while nothing is chosen."""
    predicted = experiment.predicts
    if isinstance(predicted, Choice):
        options = list(predicted.options)
        return st.radio(
            words.say(f"{experiment.name}.ask"),
            options,
            index=options.index(str(before)) if before in options else None,
            format_func=lambda option: words.say(f"{experiment.name}.option.{option}"),
            key=key,
            label_visibility="collapsed",
        )
    if isinstance(predicted, Number):
        return _number(words, predicted, before, key)
    assert isinstance(predicted, Curve), "there is something to predict"
    return curve(_canvas(words, experiment, predicted), before if isinstance(before, tuple) else None, key)


def _number(words: LessonWords, predicted: Number, before: Answer | None, key: str) -> float:
    scale, unit = scale_of(predicted.unit)
    low, high, step = (each * scale for each in (predicted.low, predicted.high, predicted.step))
    middle = low + round((high - low) / step / 2) * step
    at = middle if before is None else cast(float, before) * scale
    value = st.slider(
        words.word(predicted.unit.name),
        low,
        high,
        at,
        step=step,
        key=key,
        format=f"%.4g{unit.replace('%', '%%')}",
    )
    return min(max(value / scale, predicted.low), predicted.high)


def scale_of(axis: Axis) -> tuple[float, str]:
    """In which unit a prediction is given: factor and sign."""
    if axis.unit in PERCENT:
        return 100.0, " %" if axis.unit == "share" else ""
    return {"bytes": (1e-3, " KB"), "ms": (1.0, " ms"), "ratio": (1.0, "×")}.get(axis.unit, (1.0, ""))


def _canvas(words: LessonWords, experiment: type[Experiment], predicted: Curve) -> Canvas:
    scale, unit = scale_of(predicted.unit)
    return Canvas(
        low=predicted.low,
        high=predicted.high,
        places=places(words, experiment, predicted),
        across=words.say(f"{experiment.name}.{predicted.along}"),
        up=words.axis(predicted.unit),
        ticks=[
            (value, tick(predicted.unit.unit, value))
            for value in ticks(Scale(predicted.low, predicted.high, 0, 1), 5)
        ],
        scale=scale,
        unit=unit,
        hint=t("learn.draw_hint"),
    )


def places(words: LessonWords, experiment: type[Experiment], predicted: Curve) -> list[str]:
    """The values of the control that a curve lies over, in words."""
    control = next(one for one in experiment.controls() if one.name == predicted.along)
    return [words.value(experiment.name, control, value) for value in values_of(control)]
