"""What the screens remember.

The address bar is the truth for all that can be linked: it is read on every run and written by the widgets'
callbacks. Session state holds only what the address loses when the page changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import streamlit as st

from edgeslim.ui.i18n import LANGUAGES, Language, nearest_language, translate

T = TypeVar("T")

_LANGUAGE, _STUDY = "edgeslim_language", "edgeslim_study"
_spoken: ContextVar[Language | None] = ContextVar("spoken", default=None)
"""The language of this run. A run asks for hundreds of texts, and address and session are slow to ask."""


def language() -> Language:
    return _spoken.get() or find_language()


def find_language() -> Language:
    """From the address, else as chosen before, else the browser's. Every run of a page begins with it."""
    given = (st.query_params.get("lang"), st.session_state.get(_LANGUAGE))
    chosen = next((one for one in given if one in LANGUAGES), None) or nearest_language(st.context.locale)
    _spoken.set(cast(Language, chosen))
    return cast(Language, chosen)


def keep_language(chosen: Language) -> None:
    """Remember the language; the address carries it once it is not the browser's own."""
    _spoken.set(chosen)
    st.session_state[_LANGUAGE] = chosen
    given = st.query_params.get("lang")
    if given != chosen and (given is not None or chosen != nearest_language(st.context.locale)):
        st.query_params["lang"] = chosen


def t(key: str, /, **values: object) -> str:
    """The text under `key` in the screen's language."""
    return translate(language(), key, **values)


def linked(
    name: str,
    default: T,
    read: Callable[[str], T | None],
    *,
    clears: Sequence[str] = (),
    clearable: bool = False,
) -> dict[str, Any]:
    """`key` and `on_change` for a widget whose value is the address's parameter `name`.

    `read` turns the parameter's text into a value, or None if it is none; `clears` are parameters that lose
    their meaning when this one changes. What is `clearable` may be empty although it has a default: then so is
    the parameter.
    """
    key = f"linked_{name}"
    given = st.query_params.get(name)
    value = read(given) if given is not None else None
    emptied = clearable and given == ""
    st.session_state[key] = default if value is None and not emptied else value
    return {"key": key, "on_change": _write, "args": (name, tuple(clears), clearable and default is not None)}


def one_of(options: Sequence[T]) -> Callable[[str], T | None]:
    """Reads the option that is written like the given text."""
    return {str(option): option for option in options}.get


def some_of(options: Sequence[int], most: int) -> Callable[[str], list[int] | None]:
    """Reads a comma-separated list of options, at most `most` of them."""

    def read(text: str) -> list[int] | None:
        wanted = text.split(",")
        return [option for option in options if str(option) in wanted][:most]

    return read


def several_of(options: Sequence[T]) -> Callable[[str], list[T] | None]:
    """Reads a comma-separated list of options, in their order."""

    def read(text: str) -> list[T] | None:
        wanted = text.split(",")
        return [option for option in options if str(option) in wanted]

    return read


def number_in(low: float, high: float) -> Callable[[str], float | None]:
    """Reads a number between bounds."""

    def read(text: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if low <= value <= high else None

    return read


def _write(name: str, clears: Sequence[str], keep_empty: bool) -> None:
    value = st.session_state[f"linked_{name}"]
    for other in clears:
        st.query_params.pop(other, None)
    empty = value is None or value is False or value == [] or value == ""
    if keep_empty and empty:
        st.query_params[name] = ""
    elif empty:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = ",".join(map(str, value)) if isinstance(value, list) else str(value)


def last_study() -> str | None:
    """The study that was looked at last, on any page."""
    found: str | None = st.session_state.get(_STUDY)
    return found


def keep_study(name: str) -> None:
    st.session_state[_STUDY] = name


def selected_trial() -> int | None:
    """The trial in the address."""
    given = st.query_params.get("trial", "")
    return int(given) if given.isdecimal() else None


def select_trial(number: int) -> None:
    st.query_params["trial"] = str(number)


def address(page: str, **parameters: object) -> str:
    """A link to a page of this app that opens anywhere: the host as the browser knows it."""
    from urllib.parse import urlencode, urlsplit

    parts = urlsplit(st.context.url or "")
    given = urlencode({key: value for key, value in parameters.items() if value is not None})
    host = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return f"{host}/{page}?{given}"
