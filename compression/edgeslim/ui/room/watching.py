"""Looking at a room again and again: what is drawn stays until something in it has changed."""

from __future__ import annotations

import time

import streamlit as st

from edgeslim.errors import RoomError
from edgeslim.rooms.room import Place, Room
from edgeslim.ui.components.problems import boundary
from edgeslim.workbench import rooms

WATCH = 2.5
"""Seconds between two looks."""
TELL = 8.0
"""Seconds after which somebody who looks is said to be here again."""
_TOLD = "room_seen"


def state_for_students(room: Room, number: int | None) -> tuple[object, ...]:
    """What differs once a student's screen has to. Others' answers do not change it, so a poll costs next to nothing."""
    person = None if number is None else room.person(number)
    phase = room.phase(room.place) if room.place else None
    league = room.league.state if room.league else None
    gone = len(room.everybody) - len(room.people)  # their answers no longer count
    return room.place, phase, room.pace, room.frozen, room.ended, len(room.revealed), league, gone, person


@st.fragment(run_every=WATCH)
def watch(
    code: str, drawn: tuple[object, ...], number: int | None = None, place: Place | None = None
) -> None:
    """Draw the page anew when the room is no longer as it was `drawn`; say that its person is here."""
    with boundary():
        try:
            room = rooms.look(code)
        except RoomError:  # expired: the page says so
            st.rerun()
        if state_for_students(room, number) != drawn:
            st.rerun()
        if number is not None and not room.ended:
            tell_here(code, number, place)


def tell_here(code: str, number: int, place: Place | None) -> None:
    now, told = time.monotonic(), st.session_state.get(_TOLD)
    if told is None or told[:2] != (number, place) or now >= told[2] + TELL:
        rooms.seen(code, number, place)
        st.session_state[_TOLD] = (number, place, now)
