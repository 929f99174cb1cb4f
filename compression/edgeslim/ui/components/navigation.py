"""What surrounds every page: the mark, the language, links between pages."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import streamlit as st

from edgeslim import workbench
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
        "deploy": str(_FOLDER / "deploy" / "deploy.py"),
        "live": str(_FOLDER / "live" / "live.py"),
    },
    "make": {
        "new": str(_FOLDER / "study" / "new.py"),
        "train": str(_FOLDER / "make" / "train.py"),
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
_PAGE = "edgeslim_page"


def shown_sections() -> dict[str, dict[str, str]]:
    """SECTIONS as this server has them: detection in the browser is there once its runtime is installed."""
    there = workbench.browser_runtime() is not None
    return {
        section: {name: path for name, path in pages.items() if there or name != "live"}
        for section, pages in SECTIONS.items()
    }


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


def keep_page(name: str) -> bool:
    """Which page is open, and whether another one was before. The frame begins with it; a fragment that runs alone needs
    it too."""
    before = st.session_state.get(_PAGE)
    st.session_state[_PAGE] = name
    return bool(before != name)


def go(page: str, label: str, *, icon: str | None = None, **parameters: object) -> None:
    """What leads to a page of the app, with what it shall show and in the language of this one.

    A link; a button where that page is open, since a link would leave its address as it is.
    """
    given = {name: str(value) for name, value in parameters.items() if value is not None}
    if "lang" in st.query_params:
        given["lang"] = st.query_params["lang"]

    def turn() -> None:
        st.query_params.from_dict(given)
        st.rerun()  # the whole page, also from a fragment of it

    if page == st.session_state.get(_PAGE):
        key = f"go_{label}_{urlencode(given)}"
        st.button(label, icon=icon, type="tertiary", on_click=turn, key=key)
    else:
        st.page_link(PAGES[page], label=label, icon=icon, query_params=given)
