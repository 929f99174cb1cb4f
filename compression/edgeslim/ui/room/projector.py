"""The projector's screen: what the whole class may see, large. Whoever has the room's code can open it."""

from __future__ import annotations

import streamlit as st

from edgeslim.rooms.room import ROUNDS, Place, Room
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.room.experiment import (
    answer_line,
    ask,
    found,
    lesson_title,
    option_words,
    show_distribution,
    show_result,
    title,
    why,
)
from edgeslim.ui.room.links import show_code, spelled, warn_where_only_here
from edgeslim.ui.room.style import PROJECTOR
from edgeslim.ui.room.watching import WATCH, state_for_students, watch
from edgeslim.ui.state import t
from edgeslim.workbench import rooms


def projector(room: Room) -> None:
    st.html(PROJECTOR)
    place = room.place
    if place is None or room.ended or room.pace == "free":
        _door(room)
    else:
        _stage(room, place)
    watch(room.code, state_for_students(room, None))


def _door(room: Room) -> None:
    """How to get in, and how many have."""
    words = (
        "room.over" if room.ended else "room.projector_free" if room.pace == "free" else "room.projector_join"
    )
    st.title(t(words), anchor=False)
    if not room.ended:
        show_code(room.code, "large")
        warn_where_only_here(room.code)
    _joined(room.code)


def _stage(room: Room, place: Place) -> None:
    phase = room.phase(place)
    if room.frozen:
        st.info(t("room.is_frozen"), icon=":material/pause_circle:")
    st.caption(
        f"{lesson_title(place)} · {t(f'room.phase.{phase}')} · {t('room.code')} **{spelled(room.code)}**"
    )
    if phase == "closed":
        st.title(title(place), anchor=False)
        show_code(room.code, "large")
        _joined(room.code)
        return
    if phase == "revealed":
        _revealed(room, place)
        return
    left, right = st.columns([4, 1], gap="large")
    with right:
        show_code(room.code, "aside")
    with left:
        st.title(t("room.discuss") if phase == "discuss" else ask(place), anchor=False)
        if phase == "discuss":
            st.markdown(ask(place))
        if options := option_words(place):
            st.markdown("\n".join(f"- {option}" for option in options))
        if phase == "discuss":
            st.header(t("room.discuss_about"), anchor=False)
        else:
            _answered(room.code, place, ROUNDS[phase])


def _revealed(room: Room, place: Place) -> None:
    here = found(place)
    told = answer_line("truth", place, here.truth) if here is not None else None
    st.title(told or title(place), anchor=False)
    st.markdown(ask(place))
    chart, words = st.columns(2, gap="large")
    with chart:
        show_distribution(room, place, here, key="projected", large=True)
    with words:
        if here is not None:
            show_result(place, here, views=True, large=True)
        if told := why(place, set(room.revealed)):
            st.markdown(told)


@st.fragment(run_every=WATCH)
def _joined(code: str) -> None:
    with boundary():
        st.header(t("room.joined", count=len(rooms.look(code).people)), anchor=False)


@st.fragment(run_every=WATCH)
def _answered(code: str, place: Place, round_: int) -> None:
    """How many, never who, and not what: that is hidden until it is revealed."""
    with boundary():
        room = rooms.look(code)
        done, every = len(room.answers(place, round_)), len(room.people)
        st.progress(done / every if every else 0.0)
        st.header(t("room.answered", done=done, total=every, missing=every - done), anchor=False)
