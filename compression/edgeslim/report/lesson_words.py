"""The words of a lesson in a language: names, numbers with their units, answers, sentences of results."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.predictions import Answer, Choice
from edgeslim.lessons.views import Axis, Unit
from edgeslim.params import Param
from edgeslim.texts import Language, known, translate
from edgeslim.units import MINUS, format_bytes, format_change, format_count, format_interval, format_ms

PERCENT: tuple[Unit, ...] = ("share", "points")
"""Written in hundredths."""


@dataclass(frozen=True, slots=True)
class LessonWords:
    """A lesson's words; keys are those of `lessons`."""

    language: Language
    lesson: str

    def t(self, key: str, /, **values: object) -> str:
        """Any text."""
        return translate(self.language, key, **values)

    def say(self, part: str, /, **values: object) -> str:
        """A text of this lesson: 'idea', 'orders.ask', 'q1.a_why'."""
        return self.t(f"lesson.{self.lesson}.{part}", **values)

    def word(self, name: str) -> str:
        """A name in a view in words, as the lesson or the course declares it; else the name itself."""
        for key in (f"lesson.{self.lesson}.word.{name}", f"learn.word.{name}"):
            if known(self.language, key):
                return self.t(key)
        return name

    def axis(self, axis: Axis) -> str:
        """'mAP (%)'; bytes, times and factors carry their units at the numbers."""
        words = self.word(axis.name)
        if axis.unit == "points":
            return f"{words} ({self.t('learn.points')})"
        return f"{words} (%)" if axis.unit == "share" else words

    def amount(self, unit: Unit, value: float) -> str:
        """A number in its unit."""
        match unit:
            case "share":
                return _percent(value)
            case "points":
                return self.t("change.points", change=format_change(value))
            case "bytes":
                return format_bytes(value)
            case "bits":
                return self.t("learn.bits", value=_figures(value))
            case "ms":
                return format_ms(value)
            case "ratio":
                return self.t("learn.times", value=_figures(value))
            case "count":
                if abs(value) >= 1_000_000:
                    return format_count(value)
                return f"{value:,.0f}".replace("-", MINUS)
            case _:
                return _figures(value)

    def fact(self, fact: Fact) -> str:
        """A difference or a correlation with its interval: without it, it says little."""
        if fact.unit == "points" and fact.low is not None and fact.high is not None:
            interval = format_interval((fact.low, fact.high), signed=True)
            return self.t("change.interval", change=format_change(fact.value), interval=interval)
        told = self.amount(fact.unit, fact.value)
        if fact.unit == "" and fact.low is not None and fact.high is not None:
            interval = f"{_figures(fact.low)} … {_figures(fact.high)}"
            return self.t("learn.with_interval", value=told, interval=interval)
        return told

    def result(self, experiment: str, outcome: Outcome) -> str:
        """What was measured, in a sentence."""
        facts = {name: self.fact(fact) for name, fact in outcome.facts.items()}
        return self.say(f"{experiment}.result", **facts)

    def measured_on(self, on: MeasuredOn) -> str:
        """On what, and on which machine where that matters; empty where nothing is known."""
        told = []
        if on.model and on.images:
            told.append(
                self.t("learn.measured_on", model=on.model, images=on.images, dataset=on.dataset or on.model)
            )
        elif on.model:
            told.append(self.t("learn.counted_on", model=on.model))
        elif on.images:  # networks that were trained for the experiment
            told.append(self.t("learn.measured_images", images=on.images, dataset=on.dataset))
        if on.machine:
            told.append(self.t("learn.machine", machine=on.machine))
        return " ".join(told)

    def answer(self, experiment: type[Experiment], answer: Answer) -> str:
        """A prediction, or what came true, as a sentence can hold it."""
        predicted = experiment.predicts
        assert predicted is not None, "answers are those of predictions"
        if isinstance(predicted, Choice):
            return self.say(f"{experiment.name}.option.{answer}")
        values = answer if isinstance(answer, tuple) else (float(answer),)
        return " · ".join(self.amount(predicted.unit.unit, value) for value in values)

    def distance(self, unit: Unit, off: float) -> str:
        """How far off a prediction was; of shares in points."""
        if unit in PERCENT:
            return self.t("learn.off_points", points=_figures(100 * off))
        return self.amount(unit, off)

    def control(self, experiment: str, control: Param) -> str:
        return self.say(f"{experiment}.{control.name}")

    def value(self, experiment: str, control: Param, value: object) -> str:
        """A control's value in words."""
        if control.choices:
            return self.say(f"{experiment}.{control.name}.{value}")
        if isinstance(value, bool):
            return self.t(f"learn.{'on' if value else 'off'}")
        assert isinstance(value, int | float), "controls are numbers, words or switches"
        if control.unit == "share":
            return self.amount("share", value)
        return format_bytes(value) if control.unit == "bytes" else f"{value:g}"


def _percent(share: float) -> str:
    """One decimal; what is not zero is not called so."""
    if 0 < abs(share) < 0.0005:
        return f"<{MINUS if share < 0 else ''}0.1 %"
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{text.replace('-', MINUS)} %"


def _figures(value: float) -> str:
    """Three figures, whole numbers from a thousand on in full."""
    text = f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
    return text.replace("-", MINUS)
