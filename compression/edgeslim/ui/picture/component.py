"""The one component for pictures: what each model sees on them, and what compression changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from edgeslim.ui.i18n import Language, locale
from edgeslim.ui.page import BASE, MOUNT, joined
from edgeslim.ui.picture.payload import ADDRESS, Item, Look, ModelTitle, Payload, WalkData, picture_data
from edgeslim.ui.picture.route import address
from edgeslim.ui.state import language

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("matching", "labels", "drawing", "elements", "story", "painting", "hands", "walk", "view", "start")


def script() -> str:
    """The component's whole JavaScript."""
    return joined(MOUNT, *(PAGE / f"{name}.js" for name in SCRIPTS))


def style() -> str:
    """Its whole style sheet."""
    return joined(BASE, PAGE / "picture.css")


_mount = st.components.v2.component(
    "edgeslim_pictures",
    html=(PAGE / "picture.html").read_text(encoding="utf-8"),
    css=style(),
    js=script(),
)


def texts(chosen: Language) -> dict[str, str]:
    """The component's words, their placeholders still to be filled."""
    return {
        key.removeprefix("picture."): text
        for key, text in locale(chosen).items()
        if key.startswith("picture.")
    }


def pictures(
    items: Sequence[Item],
    models: Sequence[ModelTitle],
    labels: Sequence[str],
    *,
    key: str,
    look: Look,
    plain: Look | None = None,
    series: str = "",
    first: int = 0,
    total: int | None = None,
    bare: bool = False,
    walk: WalkData | None = None,
    on_left: Callable[[], None] = lambda: None,
) -> None:
    """Show pictures with the boxes of the original and of up to three other models, side by side or swiped.

    `look` is how they are shown at first. Given `plain`, the look of an address that says nothing, the address
    follows the visitor; then `items` may be a part of a series, from `first` on, and the script runs again
    when a picture outside it is wanted. Threshold, view and zoom never run it. `series` names the pictures and
    models: what the page has seen of a series it keeps. `bare` leaves the controls out. A `walk` has one stop for each of
    `models`; `on_left` is called when a presenter leaves it.
    """
    now = language()
    payload = Payload(
        pictures=[picture_data(item, address) for item in items],
        first=first,
        total=len(items) if total is None else total,
        series=series,
        models=models,
        labels=labels,
        look=look,
        plain=plain or look,
        linked=plain is not None,
        language=now,
        texts=texts(now),
        bare=bare,
        walk=walk,
    )
    _mount(key=key, data=payload.json(), on_moved_change=lambda: _follow(key), on_left_change=on_left)


def look_in_address(plain: Look, total: int) -> Look:
    """The look that the address tells of."""
    return Look.read(st.query_params, plain, total)


def page_of(look: Look, size: int) -> tuple[int, int]:
    """(first, count) of the pictures to be sent: a page of a grid, or the one looked at and the next."""
    return (look.picture // size * size, size) if look.grid else (look.picture, 2)


def _follow(key: str) -> None:
    """Write into the address what the page reports: parameters, or None for those that say nothing."""
    moved = st.session_state[key]["moved"]
    for name in ADDRESS.values():
        value = moved.get(name)
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = str(value)[:40]
