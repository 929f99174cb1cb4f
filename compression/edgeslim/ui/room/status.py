"""Where a class is, for those who hear the page instead of seeing it change."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from edgeslim.rooms.room import Room
from edgeslim.ui.room.experiment import title
from edgeslim.ui.state import t

_HIDDEN = (
    "p {position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%)}"
)
_mount = st.components.v2.component(
    "edgeslim_room_status",
    html="<p role='status'></p>",
    css=_HIDDEN,
    js=(Path(__file__).parent / "status.js").read_text(encoding="utf-8"),
)


def tell_status(room: Room) -> None:
    """To be called at the same place of every run: a live region speaks when its text changes, not when it appears."""
    _mount(key="room_status", data={"text": status(room)}, height=1)


def status(room: Room) -> str:
    """'Predict: How many can go?'"""
    if room.ended:
        return t("room.over")
    if room.frozen:
        return t("room.is_frozen")
    if room.place is None or room.pace == "free":
        return ""
    return t("room.line", what=t(f"room.phase.{room.phase(room.place)}"), answer=title(room.place))
