"""Views of lessons on a page: the drawings of `report.lesson_views`, in the page's own colours."""

from __future__ import annotations

import streamlit as st

from edgeslim.report.lesson_views import STYLE

_PAGE = """
.drawn {color: var(--st-text-color); font-family: var(--st-font)}
"""
_SCRIPT = """export default function ({ data, parentElement }) {
  const place = parentElement.querySelector(".place");
  if (place.given !== data.html) place.innerHTML = place.given = data.html;
}
"""
_mount = st.components.v2.component(
    "edgeslim_drawn", html="<div class='place'></div>", css=STYLE + _PAGE, js=_SCRIPT
)


def drawn(html: str, key: str) -> None:
    """HTML that `report` has made of views, words escaped there."""
    _mount(key=key, data={"html": html})
