"""Which room the address means, and whether it is opened as its teacher."""

from __future__ import annotations

import streamlit as st

from edgeslim.errors import RoomError
from edgeslim.rooms.room import Room
from edgeslim.ui.components.problems import show
from edgeslim.ui.room.entrance import entrance, visited
from edgeslim.ui.room.links import another_room
from edgeslim.ui.state import t
from edgeslim.workbench import rooms


def room_in_address() -> tuple[Room, str | None]:
    """The room, and its teacher's token if the address has the right one. Else the run ends with a way in."""
    code, teacher = rooms.read_code(st.query_params.get("room", "")), st.query_params.get("teacher")
    if code is None:
        entrance()
        st.stop()
    try:
        room = rooms.look(code)
        if teacher is not None:
            rooms.require_teacher(room, teacher)
    except RoomError as error:
        st.title(t("room.title"), anchor=False)
        show(error.record())
        another_room()
        st.stop()
    visited(room.code, teacher)
    return room, teacher
