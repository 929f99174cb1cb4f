"""An experiment as a class meets it: what is asked, what was true, what everybody predicted."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import cast

import streamlit as st

from edgeslim.lessons.base import Experiment
from edgeslim.lessons.kept import key_of
from edgeslim.lessons.predictions import Answer, Choice, Curve, Prediction
from edgeslim.report.distribution import distribution
from edgeslim.report.distribution_charts import distribution_chart
from edgeslim.report.lesson_axes import Drawing
from edgeslim.report.lesson_reveal import beside_truth, curve_alone
from edgeslim.report.lesson_words import LessonWords
from edgeslim.rooms.room import Place, Room, places
from edgeslim.ui.lesson.drawn import drawn
from edgeslim.ui.lesson.predicting import ask_for as ask_by_words
from edgeslim.ui.lesson.predicting import places as places_of_curve
from edgeslim.ui.lesson.predicting import scale_of
from edgeslim.ui.lesson.views import show_views
from edgeslim.ui.state import language, t
from edgeslim.workbench import lessons
from edgeslim.workbench.lessons import Found

CONFIG = {"displayModeBar": False}


def words_of(place: Place) -> LessonWords:
    return LessonWords(language(), place.lesson)


def lesson_title(place: Place) -> str:
    return words_of(place).say("title")


def title(place: Place) -> str:
    return words_of(place).say(f"{place.experiment}.title")


def ask(place: Place) -> str:
    return words_of(place).say(f"{place.experiment}.ask")


def why(place: Place, seen: Set[Place]) -> str | None:
    """The lesson's explanation, once all of its experiments were seen: it tells of them all."""
    all_seen = all(other in seen for other in places() if other.lesson == place.lesson)
    return words_of(place).say("why") if all_seen else None


def declared(place: Place) -> type[Experiment]:
    found = place.declared
    assert found is not None, "rooms hold places that are declared"
    return found


def predicted(place: Place) -> Prediction:
    return cast(Prediction, declared(place).predicts)


def option_words(place: Place) -> list[str]:
    """What there is to choose from, if an option is predicted."""
    predicts = predicted(place)
    options = predicts.options if isinstance(predicts, Choice) else ()
    return [words_of(place).answer(declared(place), option) for option in options]


def answer_line(what: str, place: Place, answer: Answer) -> str | None:
    """'First prediction: smallest first'; `what` is 'round.1', 'round.2', 'truth' or 'given'. A curve has no words."""
    if isinstance(predicted(place), Curve):
        return None
    return t("room.line", what=t(f"room.{what}"), answer=words_of(place).answer(declared(place), answer))


def ask_for(place: Place, before: Answer | None, key: str) -> Answer | None:
    """The controls to predict with. None while nothing is chosen."""
    return ask_by_words(words_of(place), declared(place), before, key)


def found(place: Place) -> Found | None:
    """What came true; None where not all of it was ever computed in this copy."""
    kept, experiment = _kept(), declared(place)
    key = [key_of(place.lesson, setting) for setting in lessons.settings_for_truth(experiment)]
    if " ".join(key) not in kept:
        here = lessons.found(place.lesson, experiment)
        if here is None:
            return None
        kept[" ".join(key)] = here
    return kept[" ".join(key)]


@st.cache_resource(max_entries=1, show_spinner=False)
def _kept() -> dict[str, Found]:
    """By the keys of their outcomes: a board asks again and again."""
    return {}


def right(place: Place, answer: Answer, here: Found) -> bool:
    return lessons.verdict(declared(place), answer, here).right


def show_beside_truth(place: Place, answer: Answer, here: Found) -> None:
    """One's own prediction beside what is true."""
    html = beside_truth(declared(place), answer, here.truth, here.interval, Drawing(words_of(place)))
    drawn(html, f"beside_{place.lesson}_{place.experiment}")


def show_curve(place: Place, answer: Answer) -> None:
    """One's own curve, which has no words, while the truth is not told yet."""
    if isinstance(predicted(place), Curve):
        drawn(
            curve_alone(declared(place), answer, Drawing(words_of(place))),
            f"curve_{place.lesson}_{place.experiment}",
        )


def show_result(place: Place, here: Found, *, views: bool, large: bool = False) -> None:
    """What was measured in a sentence, and on what; with `views`, what there is to see of it, `large` for an audience."""
    words = words_of(place)
    st.markdown(words.result(place.experiment, here.outcome))
    if views:
        show_views(
            here.outcome.views, Drawing(words, large=large), f"views_{place.lesson}_{place.experiment}"
        )
    if measured := words.measured_on(here.outcome.on):
        st.caption(measured)


def show_distribution(room: Room, place: Place, here: Found | None, *, key: str, large: bool = False) -> None:
    """Both rounds of the class; with `here`, what is true too."""
    predicts = predicted(place)
    rounds = [[given.value for given in room.answers(place, round_).values()] for round_ in (1, 2)]
    truth = (here.truth, here.interval) if here else (None, None)
    counted = distribution(predicts, rounds, *truth)
    if not any(each.answers for each in counted.rounds):
        st.caption(t("room.nobody"))
        return
    words = dict(zip(counted.options, option_words(place), strict=True))
    words |= {"answers": t("room.answers"), "truth": t("room.truth")}
    names = (t("room.round.1"), t("room.round.2"))
    axis, scale = "", 1.0
    along: Sequence[str] = ()
    if not isinstance(predicts, Choice):
        scale, unit = scale_of(predicts.unit)
        axis = words_of(place).axis(predicts.unit)
        axis = axis if unit.strip() in ("", "%") else f"{axis} ({unit.strip()})"
    if isinstance(predicts, Curve):
        along = places_of_curve(words_of(place), declared(place), predicts)
    figure = distribution_chart(counted, words, names, axis, along, scale=scale, large=large)
    st.plotly_chart(figure, key=key, config=CONFIG)
    told = [
        t("room.right_of", round=names[number], right=each.right, answers=each.answers)
        for number, each in enumerate(counted.rounds)
        if each.answers and each.right is not None
    ]
    if told:
        st.markdown(" · ".join(told))
