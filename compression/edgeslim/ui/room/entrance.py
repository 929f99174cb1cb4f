"""Before a room: joining one by its code, or opening one."""

from __future__ import annotations

import streamlit as st

from edgeslim.errors import RoomError
from edgeslim.rooms import limits
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.room.style import PEOPLE
from edgeslim.ui.state import t
from edgeslim.workbench import rooms

_VISITED = "edgeslim_room_visited"


def entrance() -> None:
    """A code to join by, and a room to open as a teacher."""
    st.html(PEOPLE)
    st.title(t("room.title"), anchor=False)
    st.markdown(t("room.about"))
    _back()
    with st.form("room_code", border=True):
        typed = st.text_input(t("room.code"), max_chars=12, placeholder="K7Q 3MA", autocomplete="off")
        go = st.form_submit_button(t("room.go"), type="primary", icon=":material/login:")
    if go:
        code = limits.read_code(typed)
        if code is None:
            st.error(t("room.no_code", length=limits.CODE), icon=":material/error:")
        else:
            st.query_params["room"] = code
            st.rerun()
    st.header(t("room.teach"), anchor=False)
    st.markdown(t("room.teach_about"))
    with st.container(horizontal=True):
        opened = st.button(t("room.open"), icon=":material/co_present:", key="open_room")
        rehearsed = st.button(
            t("room.rehearse"), icon=":material/theater_comedy:", key="rehearse", help=t("room.rehearse_help")
        )
    if opened or rehearsed:
        with boundary():
            room = rooms.open_room(rehearsal=rehearsed)
            st.query_params["room"] = room.code
            st.query_params["teacher"] = room.teacher
            st.rerun()


def visited(code: str, teacher: str | None) -> None:
    """Who leaves the room's page by the sidebar finds the way back: its address, a teacher's key in it, stays in this
    tab alone."""
    st.session_state[_VISITED] = (code, teacher)


def _back() -> None:
    code, teacher = st.session_state.get(_VISITED, (None, None))
    if code is None:
        return
    try:
        rooms.look(code)
    except RoomError:  # expired
        del st.session_state[_VISITED]
        return
    if st.button(
        t("room.back_to", code=f"{code[:3]} {code[3:]}"),
        type="primary",
        icon=":material/undo:",
        key="back_to_room",
    ):
        st.query_params["room"] = code
        if teacher is not None:
            st.query_params["teacher"] = teacher
        st.rerun()


def joining(code: str) -> tuple[int, str] | None:
    """A nickname for the room: number and token of who has just joined."""
    st.title(t("room.join_title", code=f"{code[:3]} {code[3:]}"), anchor=False)
    with st.form("room_name", border=True):
        typed = st.text_input(t("room.name"), max_chars=limits.NAME, autocomplete="nickname")
        go = st.form_submit_button(t("room.join"), type="primary", icon=":material/login:")
    st.caption(t("room.name_about"))
    if not go:
        return None
    with boundary():
        joined = rooms.join(code, typed)
        return joined.number, joined.token
    return None
