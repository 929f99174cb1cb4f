"""The changes between two files as plain rows, and the colour of each kind of change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeslim.analysis.network_changes import Kind, LayerChange
from edgeslim.report.palette import ACCENT, BUDGET_COLOR, LOSS, NEUTRAL

TONES: Mapping[Kind, str] = {
    "removed": LOSS,
    "added": "#5f8f2f",
    "split": "#8a6fe0",
    "merged": "#c454a6",
    "rewritten": "#2c8ea6",
    "narrowed": BUDGET_COLOR,
    "widened": "#a0703c",
    "int8": ACCENT,
    "fewer_bits": "#2f7fd6",
    "left_float": NEUTRAL,
}
"""Of boxes that a change happened to; what stayed the same has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One layer. Texts tell before → after where the two differ."""

    name: str
    kinds: tuple[Kind, ...]
    layers: int
    """How many there are in the second file."""
    channels: str
    bits: str
    computes: str
    before: int
    after: int
    """Bytes in the two files."""


def change_row(change: LayerChange) -> ChangeRow:
    ends = ["→".join(map(str, pair)) for pair in change.channels] if change.channels else []
    bits = ["" if value is None else f"{value:.1f}" for value in change.bits]
    return ChangeRow(
        name=change.name,
        kinds=change.kinds,
        layers=len(change.after),
        channels=_step(*ends) if ends else "",
        bits=_step(*bits),
        computes=_step(*change.computes),
        before=change.bytes[0],
        after=change.bytes[1],
    )


def change_rows(found: Sequence[LayerChange]) -> tuple[ChangeRow, ...]:
    return tuple(change_row(change) for change in found)


def of_node(found: Sequence[LayerChange], place: int) -> LayerChange | None:
    """The change of a layer of the second file."""
    return next((change for change in found if place in change.after), None)


def _step(before: str, after: str) -> str:
    return before or after if before == after or not before or not after else f"{before} ⇒ {after}"
