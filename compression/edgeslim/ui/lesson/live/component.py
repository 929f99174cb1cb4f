"""The pictures of the lessons that compute in the page: a slider answers at once, and no script runs again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import streamlit as st

from edgeslim.lessons.live import Live
from edgeslim.records import encoded
from edgeslim.ui.i18n import Language, locale
from edgeslim.ui.page import BASE, joined
from edgeslim.ui.state import language

PAGE = Path(__file__).parent / "page"
SCRIPTS = (
    "arithmetic", "elements", "plot", "picture", "pruning", "quantize", "number_line", "entropy", "low_rank", "softening",
    "activation", "start",
)  # fmt: skip
"""Joined into one module: Streamlit loads it from a blob, where nothing can be imported."""


def script() -> str:
    """The component's whole JavaScript."""
    return joined(*(PAGE / f"{name}.js" for name in SCRIPTS))


def style() -> str:
    """Its whole style sheet."""
    return joined(BASE, PAGE / "live.css")


_mount = st.components.v2.component(
    "edgeslim_lesson_live",
    html=(PAGE / "live.html").read_text(encoding="utf-8"),
    css=style(),
    js=script(),
)


@dataclass(frozen=True, slots=True)
class Room:
    """The room for a file on the device that the reader has chosen; its name in words."""

    name: str
    bytes: int


def live(
    view: Live, *, key: str, word: Callable[[str], str] = lambda name: name, budget: Room | None = None
) -> None:
    """Show a picture that moves; `word` translates the names in it. Where it tells bytes, `budget` is their limit."""
    _mount(key=key, data=payload(view, language(), word, budget))


def payload(
    view: Live, chosen: Language, word: Callable[[str], str] = lambda name: name, budget: Room | None = None
) -> dict[str, Any]:
    """All that the page is given. `version` changes when the page has to begin anew."""
    texts = {
        key.removeprefix("live."): text for key, text in locale(chosen).items() if key.startswith("live.")
    }
    given = {
        "view": encoded(view),
        "language": chosen,
        "texts": texts,
        "words": {name: word(name).removesuffix(".weight") for name in _names(view)},
        "budget": None if budget is None else asdict(budget),
    }
    return given | {"version": hashlib.sha256(msgspec.json.encode(given, order="sorted")).hexdigest()[:16]}


def _names(view: Live) -> set[str]:
    """Of all that is named in a view."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.update(value[key] for key in ("name", "coder") if key in value)
            for each in value.values():
                look(each)
        elif isinstance(value, list | tuple):
            for each in value:
                look(each)

    look(encoded(view))
    return found | set(getattr(view, "labels", ()))
