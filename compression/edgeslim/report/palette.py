"""Colours and marks of the charts. Shape and colour each suffice to tell.

Every colour stands out from a white and from a nearly black screen alike, and words and grid are left to the
screen's own theme: a figure that is already drawn stays readable when the theme is switched.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.report.pareto import Mark

FONT_SIZE = 16
"""Pixels; large enough for the last row before a projector."""

ACCENT = "#12957f"
NEUTRAL = "#7d8c86"
GAIN = ACCENT
LOSS = "#e0493f"
BUDGET_COLOR = "#c4741a"

SCALE = ("#2a7bd6", "#5d83a8", "#848484", "#a57a4c", "#c46a12")
"""From the better to the worse end of a third figure: blue to orange, which all kinds of colour vision tell apart,
and no step of it fades into a white or a black screen."""

MARK_COLORS: Mapping[Mark, str] = {
    "baseline": "#8a6fe0",
    "recommended": "#b8650a",
    "front": "#2f7fd6",
    "wide_front": "#2c8ea6",
    "dominated": NEUTRAL,
    "over_budget": "#8c8279",
    "untimed": "#7c7fa6",
    "infeasible": "#c454a6",
    "failed": LOSS,
}

MARK_SYMBOLS: Mapping[Mark, str] = {
    "baseline": "star",
    "recommended": "square",
    "front": "circle",
    "wide_front": "triangle-up",
    "dominated": "diamond-open",
    "over_budget": "hexagon-open",
    "untimed": "hourglass-open",
    "infeasible": "square-open",
    "failed": "x-thin-open",
}

MARK_SIZES: Mapping[Mark, int] = {
    "baseline": 19,
    "recommended": 17,
    "front": 14,
    "wide_front": 14,
    "dominated": 11,
    "over_budget": 11,
    "untimed": 13,
    "infeasible": 12,
    "failed": 12,
}
DIMMED = 0.4
"""Opacity of what does not fit the budget."""


def marker_of(mark: Mark, hollow: bool = False) -> dict[str, object]:
    """A mark as plotly draws it; `hollow` leaves room for what lies under it."""
    color, symbol = MARK_COLORS[mark], MARK_SYMBOLS[mark]
    if hollow and not symbol.endswith("-open"):
        symbol += "-open"
    filled = not symbol.endswith("-open")
    return {
        "symbol": symbol,
        "size": MARK_SIZES[mark],
        "color": color,
        "line": {"width": 0, "color": color} if filled else {"width": 2.5},
        "opacity": DIMMED if mark == "over_budget" else 1,
    }


def ring(size: int) -> dict[str, object]:
    """The ring around the selected mark."""
    return {"symbol": "circle-open", "size": size, "color": ACCENT, "line": {"width": 3}}


def halo(size: int) -> dict[str, object]:
    """The thin ring around marks that cannot be told from the selected one."""
    return {"symbol": "circle-open", "size": size, "color": faint(ACCENT), "line": {"width": 2}}


def faint(color: str) -> str:
    """`#rrggbb` at 55 % opacity, as plotly writes it."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.55)"
