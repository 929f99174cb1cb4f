"""Who this browser is in a room: a token that it keeps, never in the address, which people copy to each other."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_mount = st.components.v2.component(
    "edgeslim_room_keys", js=(Path(__file__).parent / "keys.js").read_text(encoding="utf-8")
)
_KEY, _KEPT = "room_keys", "room_token"


def token_here(code: str) -> str | None:
    """The token of this browser's person in the room; '' if it has none, None until the browser has said so."""
    room, kept = st.session_state.get(_KEPT, ("", ""))
    keep = kept if room == code else ""
    found = (st.session_state.get(_KEY) or {}).get("found") or {}
    known = str(found.get("token", "")) if found.get("room") == code else None
    _mount(
        key=_KEY, data={"room": code, "keep": keep, "known": known}, height=1, on_found_change=lambda: None
    )
    return keep or known


def keep_token(code: str, token: str) -> None:
    """From the next run on, the browser keeps it."""
    st.session_state[_KEPT] = (code, token)
