"""How one gets into a room: its address, as words, as a link and as a QR code."""

from __future__ import annotations

from html import escape

import streamlit as st

from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.qr import only_here, qr_picture
from edgeslim.ui.state import address, t


def join_address(code: str) -> str:
    """In the language that the reader's own browser asks for."""
    return address("room", room=code)


def spelled(code: str) -> str:
    """As it is read out."""
    return f"{code[:3]} {code[3:]}"


def turn_to(view: str | None, label: str, *, icon: str) -> None:
    """A button to another view of the same room. A page link would leave the address of this page as it is."""

    def turn() -> None:
        if view is None:
            st.query_params.pop("view", None)
        else:
            st.query_params["view"] = view

    st.button(label, icon=f":material/{icon}:", on_click=turn, key=f"turn_to_{view}")


def another_room() -> None:
    """A button to the entrance of all rooms."""
    go("room", t("room.other"), icon=":material/meeting_room:")


SIZES = {
    "small": ("11rem", "2rem", "1rem"),
    "aside": ("min(36vh, 15vw)", "2.4vw", "1.1vw"),
    "large": ("min(56vh, 38vw)", "clamp(3rem, 9vw, 8rem)", "clamp(1.5rem, 2.2vw, 3rem)"),
}
"""Of the QR code, the code and the address: on a board, on a projector beside the question, and alone."""


def show_code(code: str, size: str = "small") -> None:
    """QR code, link and code of a room. Only the code and the address go into it, never what somebody typed."""
    link = join_address(code)
    side, letters, words = SIZES[size]
    shown = link.split("://", 1)[-1].split("?")[0]
    st.html(
        f'<div style="display:flex;flex-wrap:wrap;gap:1rem 2.5rem;align-items:center">'
        f'<img src="{qr_picture(link)}" alt="{escape(t("room.qr", link=link))}" '
        f'style="width:{side};border-radius:0.5rem">'
        f'<div><div style="font-size:{words}">{escape(t("room.go_to"))} '
        f'<strong style="overflow-wrap:anywhere">{escape(shown)}</strong></div>'
        f'<div style="font-size:{letters};font-weight:700;letter-spacing:0.08em;line-height:1.25;'
        f'font-variant-numeric:tabular-nums">{spelled(code)}</div></div></div>'
    )


def warn_where_only_here(code: str) -> None:
    """Where the address would not open on a phone."""
    if only_here(join_address(code)):
        st.caption(f":material/wifi_off: {t('room.only_here')}")
