"""A curve that the reader draws: by pointer, touch, or the arrow keys at each of its points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "edgeslim_curve",
    html="<div class='curve'></div>",
    css=(_HERE / "curve.css").read_text(encoding="utf-8"),
    js=(_HERE / "curve.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is drawn on: heights from `low` to `high` at each of `places` (words); numbers at the axis with their words.

    `scale` and `unit` turn a height into the number that is read out.
    """

    low: float
    high: float
    places: Sequence[str]
    across: str
    up: str
    ticks: Sequence[tuple[float, str]]
    scale: float
    unit: str
    hint: str


def curve(canvas: Canvas, before: Sequence[float] | None, key: str) -> tuple[float, ...] | None:
    """The heights that were drawn, one at each place; `before` those of a former prediction. None while nothing is."""
    data = {
        "low": canvas.low,
        "high": canvas.high,
        "places": list(canvas.places),
        "across": canvas.across,
        "up": canvas.up,
        "ticks": [list(tick) for tick in canvas.ticks],
        "scale": canvas.scale,
        "unit": canvas.unit,
        "hint": canvas.hint,
        "before": None if before is None else list(before),
    }
    found = _mount(key=key, data=data, on_heights_change=lambda: None)
    heights = found.heights if found is not None else None
    if not isinstance(heights, list) or len(heights) != len(canvas.places):
        return None if before is None else tuple(before)
    return tuple(min(max(float(height), canvas.low), canvas.high) for height in heights)
