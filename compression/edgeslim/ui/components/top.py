"""Streamlit scrolls up where another page opens, but not where this one shows another thing."""

from __future__ import annotations

import streamlit as st

_SCRIPT = """let last;
export default function ({ data }) {
  if (last !== undefined && last !== data.place) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  last = data.place;
}
"""
_mount = st.components.v2.component("edgeslim_top", js=_SCRIPT)


def from_the_top(place: str) -> None:
    """Scroll up whenever `place` is another one than in the last run."""
    _mount(key="from_the_top", data={"place": place}, height=1)
