"""Who is in the room, and where: names as they were typed, never as markup."""

from __future__ import annotations

import time

import pandas as pd
import streamlit as st

from edgeslim.rooms.room import HERE, Person, Presence, Room
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.room.experiment import title
from edgeslim.ui.room.watching import WATCH
from edgeslim.ui.state import t
from edgeslim.units import DASH
from edgeslim.workbench import rooms


def people(room: Room, teacher: str) -> None:
    """The list, and removing somebody from it."""
    st.header(t("room.people"), anchor=False)
    _list(room.code)
    if not room.people or room.ended:
        return
    with st.popover(t("room.remove"), icon=":material/person_remove:"), st.form("remove", border=False):
        names = {person.number: person.name for person in room.people}
        number = st.selectbox(
            t("room.remove_who"),
            list(names),
            index=None,
            format_func=lambda one: names[one],
            key="remove_who",
        )
        sent = st.form_submit_button(t("room.remove_sure"), type="primary")
    st.caption(t("room.remove_about"))
    if sent and number is not None:
        with boundary():
            rooms.remove_person(room.code, teacher, number)
            st.rerun()


@st.fragment(run_every=WATCH)
def _list(code: str) -> None:
    with boundary():
        room = rooms.look(code)
        if not room.people:
            st.caption(t("room.nobody_yet"))
            return
        here, now = rooms.presence(code), time.time()
        rows = [_row(room, person, here.get(person.number), now) for person in room.people]
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            height=min(430, 40 + 36 * len(rows)),
            column_config={t("room.column.name"): st.column_config.TextColumn(width="medium")},
        )


def _row(room: Room, person: Person, found: Presence | None, now: float) -> dict[str, str | bool | int]:
    row: dict[str, str | bool | int] = {
        t("room.column.name"): person.name,
        t("room.column.here"): found is not None and now - found.seen < HERE,
        t("room.column.answers"): sum(person.number in each for each in room.given.values()),
    }
    if room.pace == "free":  # else all are where the class is
        place = found.place if found else None
        row[t("room.column.where")] = title(place) if place is not None and place.declared else DASH
    return row
