"""Small drawings as SVG text: scales, ticks, axes. What is drawn in `currentColor` follows the theme around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, isfinite, log10

from edgeslim.report.palette import ACCENT, BUDGET_COLOR
from edgeslim.report.window import text_width

SIZE = 14
"""Of words, in units of the drawing."""
SERIES = (ACCENT, "#2f7fd6", BUDGET_COLOR, "#8a6fe0", "#c454a6", "#7d8c86", "#5f8f2f", "#a0703c")
"""Each stands out from a white and from a nearly black page."""
DASHES = ("", "7 4", "2 4", "11 4 2 4", "14 5", "4 2", "9 3 2 3 2 3", "1 3")


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to units of the drawing: low → start, high → end."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high, at = (self._on(each) for each in (self.low, self.high, value))
        place = self.start + (at - low) / (high - low) * (self.end - self.start)
        return round(place, 1)

    def _on(self, value: float) -> float:
        return log10(max(value, 1e-12)) if self.log else value


def scale(
    values: Sequence[float], start: float, end: float, *, log: bool = False, zero: bool = False
) -> Scale:
    """A scale over all values, with some room; `zero`: it begins (or ends) at zero."""
    finite = [value for value in values if isfinite(value) and (value > 0 or not log)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    if log:
        return Scale(low / 1.15, high * 1.15, start, end, log=True)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    return Scale(
        low - (0 if zero and low == 0 else room), high + (0 if zero and high == 0 else room), start, end
    )


def ticks(scale_: Scale, most: int = 6) -> list[float]:
    """Round values within a scale."""
    if scale_.log:
        steps = range(floor(log10(scale_.low)), ceil(log10(scale_.high)) + 1)
        found = [base * 10.0**step for step in steps for base in (1, 2, 5)]
        found = [value for value in found if scale_.low <= value <= scale_.high]
        return found if len(found) <= most else [v for v in found if f"{v:e}"[0] == "1"] or found[::2]
    raw = (scale_.high - scale_.low) / most
    size = 10.0 ** floor(log10(raw))
    step = next(size * base for base in (1, 2, 2.5, 5, 10) if size * base >= raw * 0.999)
    first, last = ceil(scale_.low / step - 1e-9), floor(scale_.high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def text(x: float, y: float, words: str, anchor: str = "start", **given: object) -> str:
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in given.items())
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}"{place}{more}>{escape(words)}</text>'


def line(x0: float, y0: float, x1: float, y1: float, *, color: str = "currentColor", **given: object) -> str:
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in given.items() if value != "")
    return f'<line x1="{x0:g}" y1="{y0:g}" x2="{x1:g}" y2="{y1:g}" stroke="{color}"{more}/>'


def rows_of(words: Sequence[str], width: float, mark: float = 26) -> list[list[tuple[int, float]]]:
    """Entries of a legend in rows no wider than `width`: (which one, where it begins)."""
    rows: list[list[tuple[int, float]]] = [[]]
    x = 0.0
    for number, each in enumerate(words):
        taken = mark + text_width(each, SIZE) + 16
        if rows[-1] and x + taken > width:
            rows.append([])
            x = 0.0
        rows[-1].append((number, x))
        x += taken
    return rows


def wrapped(words: str, width: float) -> list[str]:
    """A text in lines no wider than `width`; Chinese breaks anywhere."""
    lines, now = [], ""
    for piece in _pieces(words):
        if now and text_width(now + piece.rstrip(), SIZE) > width:
            lines.append(now.rstrip())
            now = piece.lstrip()
        else:
            now += piece
    return [*lines, now.rstrip()] if now.strip() else lines


def _pieces(words: str) -> list[str]:
    pieces: list[str] = []
    for letter in words:
        latin = letter < "\u2e80"
        if pieces and latin and pieces[-1][-1] < "\u2e80" and not pieces[-1].endswith(" "):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def marker(kind: int, x: float, y: float, color: str, title: str) -> str:
    """A mark that can be told by its shape alone; its title appears under the pointer."""
    shapes: tuple[Callable[[], str], ...] = (
        lambda: f'<circle cx="{x:g}" cy="{y:g}" r="4.5" fill="{color}">',
        lambda: f'<rect x="{x - 4:g}" y="{y - 4:g}" width="8" height="8" fill="{color}">',
        lambda: f'<path d="M{x:g} {y - 5.5:g}l5 9h-10z" fill="{color}">',
        lambda: f'<path d="M{x:g} {y - 5.5:g}l5.5 5.5-5.5 5.5-5.5-5.5z" fill="{color}">',
        lambda: f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="none" stroke-width="2" stroke="{color}">',
        lambda: (
            f'<rect x="{x - 4:g}" y="{y - 4:g}" width="8" height="8" fill="none" stroke-width="2" stroke="{color}">'
        ),
        lambda: f'<path d="M{x - 4:g} {y - 4:g}l8 8m0-8l-8 8" fill="none" stroke-width="2" stroke="{color}">',
        lambda: f'<path d="M{x:g} {y - 5:g}v10m-5-5h10" fill="none" stroke-width="2" stroke="{color}">',
    )
    opened = shapes[kind % len(shapes)]()
    return f"{opened}<title>{escape(title)}</title></{opened[1:].split(' ')[0]}>"


def whole(width: float, height: float, label: str, parts: Sequence[str]) -> str:
    """The drawing; `label` is what a screen reader says of it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="100%" role="img" aria-label="{escape(label)}" '
        f'font-size="{SIZE}" font-family="inherit" fill="currentColor">{"".join(parts)}</svg>'
    )
