"""Colours and marks of the charts, for a light and a dark screen. Shape and colour each suffice to tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from compression.report.info import Mark

Theme = Literal["light", "dark"]

FONT_SIZE = 16
"""Pixels; large enough for the last row before a projector."""

INK: Mapping[Theme, str] = {"light": "#17211f", "dark": "#e6eeeb"}
MUTED: Mapping[Theme, str] = {"light": "#66746f", "dark": "#9aaaa4"}
GRID: Mapping[Theme, str] = {"light": "#e3e9e6", "dark": "#2a3532"}
ACCENT: Mapping[Theme, str] = {"light": "#0b7a6a", "dark": "#3cd0b4"}
GAIN: Mapping[Theme, str] = ACCENT
LOSS: Mapping[Theme, str] = {"light": "#c8322b", "dark": "#ff7a70"}

MARK_COLORS: Mapping[Theme, Mapping[Mark, str]] = {
    "light": {
        "front": ACCENT["light"],
        "dominated": "#7d8b86",
        "baseline": INK["light"],
        "over_budget": "#b45f06",
        "untimed": "#5b4bc4",
        "infeasible": "#a8328a",
        "failed": LOSS["light"],
    },
    "dark": {
        "front": ACCENT["dark"],
        "dominated": "#8d9d97",
        "baseline": INK["dark"],
        "over_budget": "#f0a34a",
        "untimed": "#ab9dff",
        "infeasible": "#f07fc8",
        "failed": LOSS["dark"],
    },
}

MARK_SYMBOLS: Mapping[Mark, str] = {
    "front": "circle",
    "dominated": "diamond-open",
    "baseline": "star",
    "over_budget": "triangle-down-open",
    "untimed": "hourglass-open",
    "infeasible": "square-open",
    "failed": "x-thin-open",
}

MARK_SIZES: Mapping[Mark, int] = {
    "front": 15,
    "dominated": 11,
    "baseline": 19,
    "over_budget": 12,
    "untimed": 13,
    "infeasible": 12,
    "failed": 12,
}


def faint(color: str) -> str:
    """`#rrggbb` at 55 % opacity, as plotly writes it."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.55)"


def marker_of(mark: Mark, theme: Theme) -> dict[str, object]:
    """A mark as plotly draws it."""
    color = MARK_COLORS[theme][mark]
    filled = not MARK_SYMBOLS[mark].endswith("-open")
    return {
        "symbol": MARK_SYMBOLS[mark],
        "size": MARK_SIZES[mark],
        "color": color,
        "line": {"width": 0 if filled else 2.5, "color": color},
    }
