"""An experiment as a class meets it: what is asked, a prediction, what was true, what everybody predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import streamlit as st

from edgeslim.artifacts.store import Store
from edgeslim.lessons import kept
from edgeslim.lessons.base import Experiment, Fact, Outcome, truth, values_of
from edgeslim.lessons.predictions import Answer, Choice, Curve, Number, Prediction, judge
from edgeslim.lessons.views import Axis, Unit
from edgeslim.report.distribution import distribution
from edgeslim.report.distribution_charts import distribution_chart
from edgeslim.rooms.room import Place, Room
from edgeslim.ui.i18n import known
from edgeslim.ui.state import language, t
from edgeslim.units import format_bytes, format_change, format_count, format_ms, format_ratio

CONFIG = {"displayModeBar": False}
PERCENT: tuple[Unit, ...] = ("share", "points")


@dataclass(frozen=True, slots=True)
class Found:
    """What came true: `interval` is the truth's own uncertainty, where it has one."""

    outcome: Outcome
    truth: Answer
    interval: tuple[float, float] | None


def lesson_title(place: Place) -> str:
    return t(f"lesson.{place.lesson}.title")


def title(place: Place) -> str:
    return t(f"{_base(place)}.title")


def ask(place: Place) -> str:
    return t(f"{_base(place)}.ask")


def predicted(place: Place) -> Prediction:
    return cast(Prediction, _declared(place).predicts)


def found(place: Place) -> Found | None:
    """None where the outcome was never computed in this copy."""
    declared, outcomes = _declared(place), {}
    predicts = predicted(place)
    settings = declared.along(predicts.along) if isinstance(predicts, Curve) else (declared(),)
    for setting in {*settings, declared()}:
        outcome = kept.outcome(place.lesson, setting, Store())
        if outcome is None:
            return None
        outcomes[setting] = outcome
    here = outcomes[declared()]
    fact = here.facts.get(predicts.of) if isinstance(predicts, Number) else None
    interval = None
    if fact is not None and fact.low is not None and fact.high is not None:
        interval = (fact.low, fact.high)
    return Found(here, truth(declared, outcomes), interval)


def right(place: Place, answer: Answer, here: Found) -> bool:
    return judge(predicted(place), answer, here.truth, here.interval).right


def answer_words(place: Place, answer: Answer) -> str:
    """An answer as a sentence can hold it."""
    predicts = predicted(place)
    if isinstance(predicts, Choice):
        return t(f"{_base(place)}.option.{answer}")
    values = answer if isinstance(answer, tuple) else (float(answer),)
    return " · ".join(amount(predicts.unit.unit, value) for value in values)


def answer_line(what: str, place: Place, answer: Answer) -> str:
    """'First prediction: smallest first'; `what` is 'round.1', 'round.2' or 'truth'."""
    return t("room.line", what=t(f"room.{what}"), answer=answer_words(place, answer))


def amount(unit: Unit, value: float) -> str:
    """A number in its unit."""
    match unit:
        case "share":
            return f"{100 * value:.3g} %"
        case "points":
            return format_change(value)
        case "bytes":
            return format_bytes(value)
        case "ms":
            return format_ms(value)
        case "ratio":
            return f"{format_ratio(value)} ×"
        case "count":
            return format_count(value)
        case _:
            return f"{value:.3g}"


def word(place: Place, name: str) -> str:
    """A name of an axis or a series in words, as lessons declare them; else the name itself."""
    for key in (f"lesson.{place.lesson}.word.{name}", f"learn.word.{name}"):
        if known(language(), key):
            return t(key)
    return name


def axis_words(place: Place, axis: Axis) -> str:
    return f"{word(place, axis.name)} (%)" if axis.unit in PERCENT else word(place, axis.name)


def ask_for(place: Place, before: Answer | None, key: str) -> Answer | None:
    """The controls to predict with, inside a form. None while nothing is chosen."""
    predicts = predicted(place)
    if isinstance(predicts, Choice):
        options = list(predicts.options)
        return st.radio(
            ask(place),
            options,
            index=options.index(str(before)) if before in options else None,
            format_func=lambda option: t(f"{_base(place)}.option.{option}"),
            key=key,
            label_visibility="collapsed",
        )
    scale = 100.0 if predicts.unit.unit in PERCENT else 1.0
    low, high = predicts.low * scale, predicts.high * scale
    middle = (low + high) / 2
    if isinstance(predicts, Number):
        at = middle if before is None else float(cast(float, before)) * scale
        step = predicts.step * scale
        return st.slider(axis_words(place, predicts.unit), low, high, at, step=step, key=key) / scale
    control = next(one for one in _declared(place).controls() if one.name == predicts.along)
    heights = []
    for number, value in enumerate(values_of(control)):
        at = middle if not isinstance(before, tuple) else before[number] * scale
        label = f"{t(f'{_base(place)}.{control.name}')}: {value} → {axis_words(place, predicts.unit)}"
        heights.append(
            st.slider(label, low, high, at, step=(high - low) / 100, key=f"{key}_{number}") / scale
        )
    return tuple(heights)


def show_distribution(room: Room, place: Place, here: Found | None, *, key: str, large: bool = False) -> None:
    """Both rounds of the class; with `here`, what is true too."""
    predicts = predicted(place)
    rounds = [[given.value for given in room.answers(place, round_).values()] for round_ in (1, 2)]
    counted = distribution(predicts, rounds, here.truth if here else None, here.interval if here else None)
    if not any(each.answers for each in counted.rounds):
        st.caption(t("room.nobody"))
        return
    words = {option: t(f"{_base(place)}.option.{option}") for option in counted.options}
    words |= {"answers": t("room.answers"), "truth": t("room.truth")}
    names = (t("room.round.1"), t("room.round.2"))
    places: tuple[float | str, ...] = ()
    axis, percent = "", False
    if not isinstance(predicts, Choice):
        axis, percent = axis_words(place, predicts.unit), predicts.unit.unit in PERCENT
    if isinstance(predicts, Curve):
        control = next(one for one in _declared(place).controls() if one.name == predicts.along)
        places = values_of(control)
    figure = distribution_chart(counted, words, names, axis, places, percent=percent, large=large)
    st.plotly_chart(figure, key=key, config=CONFIG)
    told = [
        t("room.right_of", round=names[number], right=each.right, answers=each.answers)
        for number, each in enumerate(counted.rounds)
        if each.answers and each.right is not None
    ]
    if told:
        st.markdown(" · ".join(told))


def show_result(place: Place, here: Found) -> None:
    """The sentence that the outcome fills, and what it was measured on."""
    facts = {name: _fact_words(fact) for name, fact in here.outcome.facts.items()}
    st.markdown(t(f"{_base(place)}.result", **facts))
    on = here.outcome.on
    if on.model:
        st.caption(t("room.measured_on", model=on.model, images=on.images, dataset=on.dataset))


def _fact_words(fact: Fact) -> str:
    return amount(fact.unit, fact.value)


def option_words(place: Place, option: str) -> str:
    return t(f"{_base(place)}.option.{option}")


def _base(place: Place) -> str:
    return f"lesson.{place.lesson}.{place.experiment}"


def _declared(place: Place) -> type[Experiment]:
    declared = place.declared
    assert declared is not None, "rooms hold places that are declared"
    return declared
