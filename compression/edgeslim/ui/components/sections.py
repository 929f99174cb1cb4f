"""What stands below the chart, as tabs of which only the open one is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from edgeslim.ui.state import t

_KEY = "sections"


def sections(shown: Mapping[str, Callable[[], None]]) -> None:
    """Each section by its name: words under `section.<name>`, the open one in the address as `section=<name>`."""
    labels = {t(f"section.{name}"): name for name in shown}
    given = st.query_params.get("section")
    chosen = given if given in shown else next(iter(shown))
    st.session_state[_KEY] = t(f"section.{chosen}")  # the widget holds words, which change with the language

    def opened() -> None:
        st.query_params["section"] = labels[st.session_state[_KEY]]

    for tab, name in zip(st.tabs(list(labels), key=_KEY, on_change=opened), shown, strict=True):
        if tab.open:
            with tab:
                shown[name]()
