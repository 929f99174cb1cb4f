"""What surrounds every page: the mark, the language, links between pages."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import streamlit as st

from edgeslim.ui.i18n import LANGUAGES, Language
from edgeslim.ui.state import keep_language, language, t

ASSETS = Path(__file__).parents[1] / "assets"
MARK = str(ASSETS / "mark.svg")
_FOLDER = Path(__file__).parents[4] / "pages"
SECTIONS = {
    "look": {
        "overview": str(_FOLDER / "overview" / "overview.py"),
        "study": str(_FOLDER / "study" / "study.py"),
        "compare": str(_FOLDER / "compare" / "compare.py"),
        "inspect": str(_FOLDER / "inspect" / "inspect.py"),
    },
    "make": {
        "new": str(_FOLDER / "study" / "new.py"),
        "library": str(_FOLDER / "make" / "library.py"),
    },
    "learn": {
        "learn": str(_FOLDER / "learn" / "learn.py"),
        "lesson": str(_FOLDER / "learn" / "lesson.py"),
        "room": str(_FOLDER / "learn" / "room.py"),
    },
}
"""Groups of the navigation, in order: scripts by the name they have in the address."""
PAGES = {name: path for section in SECTIONS.values() for name, path in section.items()}


def logo() -> None:
    st.logo(str(ASSETS / "logo.svg"), icon_image=MARK, size="large")


def language_switch() -> None:
    """In the sidebar; the address keeps the choice, so that a link opens in the language it was sent in."""
    now = language()
    st.session_state["language_switch"] = now

    def switched() -> None:
        keep_language(cast(Language, st.session_state["language_switch"] or now))

    with st.sidebar:
        st.segmented_control(
            t("app.language"),
            list(LANGUAGES),
            format_func=lambda key: LANGUAGES[key],
            key="language_switch",
            on_change=switched,
            required=True,
        )
        st.caption(t("app.about"))
    keep_language(now)


def presenting() -> bool:
    """Whether the page is shown to an audience: nothing around it, large type."""
    return st.query_params.get("present") == "1" or st.query_params.get("view") == "projector"


def turn(label: str, *, icon: str, key: str, **parameters: object) -> None:
    """A button to another place of the page that is open: a link to it would leave the address as it is."""

    def turned() -> None:
        given = {name: str(value) for name, value in parameters.items() if value is not None}
        if "lang" in st.query_params:
            given["lang"] = st.query_params["lang"]
        st.query_params.from_dict(given)

    st.button(label, icon=icon, type="tertiary", on_click=turned, key=key)


def lead(page: str, label: str, *, icon: str, key: str, **parameters: object) -> None:
    """What leads to a page from a component that may stand on that very page."""
    here = urlsplit(st.context.url or "").path.rpartition("/")[2]
    if here == page:
        turn(label, icon=icon, key=key, **parameters)
    else:
        go(page, label, icon=icon, **parameters)


def go(page: str, label: str, *, icon: str | None = None, **parameters: object) -> None:
    """A link to another page of the app, with what it shall show and in the language of this one."""
    given = {key: str(value) for key, value in parameters.items() if value is not None}
    if "lang" in st.query_params:
        given["lang"] = st.query_params["lang"]
    st.page_link(PAGES[page], label=label, icon=icon, query_params=given)
