"""Predictions in the reader's own browser, so that a reload of the page does not lose them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from edgeslim.errors import EdgeSlimError
from edgeslim.lessons.base import LESSONS, values_of
from edgeslim.lessons.predictions import Curve, checked
from edgeslim.ui.lesson.alone import Given, all_given, forget, restore

_mount = st.components.v2.component(
    "edgeslim_predictions", js=(Path(__file__).parent / "browser.js").read_text(encoding="utf-8")
)
_KEY, _ASKED, _FORGET = "learn_browser", "learn_browser_asked", "learn_browser_forget"


def recall() -> None:
    """At the top of a page: take over what the browser has kept from before, once for each session."""
    found = (st.session_state.get(_KEY) or {}).get("found")
    if found is None or st.session_state.get(_ASKED):
        return
    st.session_state[_ASKED] = True
    restore(read(found))


def keep() -> None:
    """At the end of a page: have the browser keep what there is by now."""
    told = [[*place, one.answer, one.revealed] for place, one in all_given().items()]
    data = {
        "keep": json.dumps(told) if told else "",
        "asks": not st.session_state.get(_ASKED),
        "forget": st.session_state.pop(_FORGET, False),
    }
    _mount(key=_KEY, data=data, height=1, on_found_change=lambda: None)


def forget_all() -> None:
    """Here and in the browser: the next reader begins anew."""
    forget()
    st.session_state[_FORGET] = True


def read(text: Any) -> dict[tuple[str, str], Given]:
    """What a browser says it kept; entries that are no predictions of this course are left out."""
    found: dict[tuple[str, str], Given] = {}
    try:
        rows = json.loads(text)
    except (TypeError, ValueError):
        return found
    for row in rows if isinstance(rows, list) else ():
        match row:
            case [str(lesson), str(name), answer, bool(revealed)] if lesson in LESSONS.names():
                experiment = LESSONS.get(lesson).experiment(name)
            case _:
                continue
        if experiment is None or experiment.predicts is None:
            continue
        places = 1
        if isinstance(experiment.predicts, Curve):
            along = experiment.predicts.along
            control = next(each for each in experiment.controls() if each.name == along)
            places = len(values_of(control))
        try:
            found[lesson, name] = Given(checked(experiment.predicts, answer, places), revealed)
        except EdgeSlimError:
            continue
    return found
