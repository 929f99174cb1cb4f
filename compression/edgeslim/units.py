"""Numbers as people read them: SI bytes, points of accuracy, factors. The same in every language."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MINUS = "−"
DASH = "–"
"""What stands where nothing was measured."""


def format_bytes(count: float | None) -> str:
    """Bytes in SI units (1 KB = 1000 B), three figures: '158 KB', '1.18 MB'."""
    if count is None:
        return DASH
    for limit, divisor, unit in ((1e3, 1.0, "B"), (1e6, 1e3, "KB"), (1e9, 1e6, "MB")):
        if count < limit * 0.9995:
            return f"{_figures(count / divisor) if divisor > 1 else round(count)} {unit}"
    return f"{_figures(count / 1e9)} GB"


def parse_bytes(text: str) -> int:
    """'150KB', '4 GB' or '900' as bytes. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d+\.?\d*)\s*([KMG]?)B?\s*", text, re.IGNORECASE)
    if found is None:
        raise ValueError(f"not a number of bytes: '{text}'")
    return round(float(found[1]) * {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}[found[2].upper()])


def format_count(count: float | None) -> str:
    """A count with three figures: '812', '319 K', '1.08 M', '4.12 G'."""
    if count is None:
        return DASH
    for limit, divisor, unit in ((1e3, 1.0, ""), (1e6, 1e3, " K"), (1e9, 1e6, " M")):
        if count < limit * 0.9995:
            return f"{_figures(count / divisor) if divisor > 1 else round(count)}{unit}"
    return f"{_figures(count / 1e9)} G"


def format_points(share: float | None) -> str:
    """A share of 1 in points: 0.6671 → '66.7'."""
    return DASH if share is None else f"{share * 100:.1f}".replace("-", MINUS)


def format_change(share: float | None) -> str:
    """A difference of shares in points, with its sign: −0.0082 → '−0.8'; what rounds to nothing is '±0.0'."""
    if share is None:
        return DASH
    text = f"{share * 100:+.1f}".replace("-", MINUS)
    return "±0.0" if text in ("+0.0", f"{MINUS}0.0") else text


def format_names(names: Sequence[str], most: int = 5) -> str:
    """The first names of a list: 'a, b, …'."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def format_interval(interval: tuple[float, float] | None, signed: bool = False) -> str:
    """An interval of shares in points: '64.9 … 68.5', or with signs '−1.4 … −0.2'."""
    if interval is None:
        return DASH
    one = format_change if signed else format_points
    return f"{one(interval[0])} … {one(interval[1])}"


def format_factor(factor: float | None) -> str:
    """How many times: '1.6×', '12×'."""
    if factor is None:
        return DASH
    return f"{factor:.0f}×" if factor >= 9.95 else f"{factor:.1f}×"


def format_ratio(ratio: float | None) -> str:
    """A time as a ratio to the original's: '0.63'."""
    return DASH if ratio is None else f"{ratio:.2f}"


def format_ms(milliseconds: float | None) -> str:
    """'42 µs', '0.42 ms', '9.42 ms', '128 ms'."""
    if milliseconds is None:
        return DASH
    return f"{milliseconds * 1000:.0f} µs" if milliseconds < 0.0995 else f"{_figures(milliseconds)} ms"


def format_share(share: float | None) -> str:
    """A share as a percentage: '95 %'; above 99 % with one decimal, so that 'nearly all' is not 'all'."""
    if share is None:
        return DASH
    return f"{share * 100:.1f} %" if 0.99 <= share < 1 else f"{share * 100:.0f} %"


def format_decibels(decibels: float | None) -> str:
    """'28.8 dB'."""
    return DASH if decibels is None else f"{decibels:.1f} dB".replace("-", MINUS)


def format_seconds(seconds: float | None) -> str:
    """'4.2 s', '1 min 20 s', '2 h 5 min'."""
    if seconds is None:
        return DASH
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def format_clock(seconds: float) -> str:
    """Whole minutes and seconds as a clock shows them: '0:05', '1:43', '2:05:00'."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _figures(value: float) -> str:
    """Three figures: 1.18, 15.8, 158."""
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{decimals}f}"


@dataclass(frozen=True, slots=True)
class Kind:
    """A way of writing values: `scale` turns a stored value into the one drawn, in `unit` (may be empty).

    `relative`: a limit is missed by a share of it (bytes, counts, times), not by a difference (shares, decibels).
    """

    scale: float
    unit: str
    text: Callable[[float | None], str]
    relative: bool = False


BYTES = Kind(1e-3, "KB", format_bytes, relative=True)
COUNT = Kind(1e-3, "K", format_count, relative=True)
LARGE_COUNT = Kind(1e-6, "M", format_count, relative=True)
MILLISECONDS = Kind(1.0, "ms", format_ms, relative=True)
RATIO = Kind(1.0, "×", format_ratio, relative=True)
POINTS = Kind(100.0, "", format_points)
CHANGE = Kind(100.0, "", format_change)
SHARE = Kind(100.0, "%", format_share)
DECIBELS = Kind(1.0, "dB", format_decibels)
