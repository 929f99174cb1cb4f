"""The graph of a file's layers, drawn by the page: pan, zoom, search, fold, colour; a click selects a layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from edgeslim.ui.page import BASE, MOUNT, joined

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("drawing", "view", "hands", "start")
KEY = "network_graph"


def script() -> str:
    """The component's whole JavaScript."""
    return joined(MOUNT, *(PAGE / f"{name}.js" for name in SCRIPTS))


_mount = st.components.v2.component(
    "edgeslim_graph",
    html=(PAGE / "graph.html").read_text(encoding="utf-8"),
    css=joined(BASE, PAGE / "graph.css"),
    js=script(),
)


def graph(payload: dict[str, Any]) -> None:
    """Show the graph. What the visitor selects, folds and colours by is written into the address."""
    _mount(key=KEY, data=payload, on_moved_change=lambda: follow(st.session_state[KEY]["moved"]))


def follow(moved: dict[str, Any]) -> None:
    """Write into the address what the page reports: `layer` (or None), `folded` (names), `colour`."""
    if "layer" in moved:
        _write("layer", moved["layer"])
    if "colour" in moved:
        _write("colour", moved["colour"])
    if "folded" in moved:
        _write("folded", "~".join(str(name)[:80] for name in moved["folded"]) or "-")


def folded_in_address() -> frozenset[str] | None:
    """Names of the folded blocks, '*' for all of them; None where the address does not say."""
    given = st.query_params.get("folded")
    return None if given is None else frozenset(given.split("~")) - {"-"}


def _write(parameter: str, value: object) -> None:
    if value is None:
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = str(value)[:2000]
