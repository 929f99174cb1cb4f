"""Where the bytes of a trial's file went: from the original's parameters to the entropy bound, level by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import plotly.graph_objects as go

from edgeslim.report.palette import ACCENT, FONT_SIZE, NEUTRAL, faint
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.units import MINUS, format_bytes

if TYPE_CHECKING:
    from edgeslim.steps.base import StepInfo

LevelName = Literal[
    "parameters", "remaining", "nonzero", "stored", "file", "download", "entropy_bound", "memory"
]
FLOAT32 = 4
"""Bytes of a number."""
FEW_ZEROS = 0.05
"""A share of zeros below this is no level of its own."""
STRUCTURE, NUMBERS = ("pruning", "low_rank"), ("quantization", "clustering")
"""Groups of steps that remove parameters, and that change how numbers are written."""


@dataclass(frozen=True, slots=True)
class Level:
    """So many bytes. What is not `measured` on the file is computed from its counted parameters.

    `by` are the recipe's steps, by name, that made the difference from the level before.
    """

    name: LevelName
    bytes: int
    measured: bool
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """The levels of a file's size in their order, and the memory that its activations need beside the original's."""

    levels: tuple[Level, ...]
    download: tuple[int, int]
    """Of the original, and of this file."""
    memory: tuple[int, int] | None
    """Peak of the activations, counted on the graph: of the original, and of this file."""
    zeros: float | None
    """Share of the parameters that are zero."""
    bits: float | None
    """For each parameter, in the tensors that the file stores; None where the file is not here."""


def waterfall(
    study: StudyResult, number: int, steps: Mapping[str, StepInfo], stored: int | None
) -> Waterfall | None:
    """Of a measured trial. `stored`: bytes of the tensors in its file, None where the file is not here.

    None where the trial or the original was not measured.
    """
    trial, original = study.trial(number), study.original
    if trial is None or original is None or trial.sizes is None or original.sizes is None:
        return None
    groups = {name: _steps_of(trial, steps, name) for name in ("removes", "zeroes", "writes")}
    levels = []
    if original.params is not None and trial.params is not None:
        levels.append(Level("parameters", FLOAT32 * original.params, False))
        if trial.params != original.params:
            levels.append(Level("remaining", FLOAT32 * trial.params, False, groups["removes"]))
    zeros = None
    if trial.params and trial.nonzero is not None:
        zeros = 1 - trial.nonzero / trial.params
        if zeros >= FEW_ZEROS:
            makers = groups["zeroes"] or groups["writes"]  # coarse numbers round small weights to zero
            levels.append(Level("nonzero", FLOAT32 * trial.nonzero, False, makers))
    if stored is not None:
        levels.append(Level("stored", stored, True, groups["writes"]))
    levels.append(Level("file", trial.sizes.file, True, () if stored is not None else groups["writes"]))
    levels.append(Level("download", trial.sizes.download, True))
    if trial.sizes.entropy_bound:
        levels.append(Level("entropy_bound", trial.sizes.entropy_bound, True))
    before, after = ((each.memory or {}).get("peak_activation") for each in (original, trial))
    return Waterfall(
        levels=tuple(levels),
        download=(original.sizes.download, trial.sizes.download),
        memory=None if before is None or after is None else (before, after),
        zeros=zeros,
        bits=8 * stored / trial.params if stored is not None and trial.params else None,
    )


def _steps_of(trial: TrialResult, steps: Mapping[str, StepInfo], what: str) -> tuple[str, ...]:
    """The recipe's steps that remove parameters, set some to zero, or change how numbers are written."""
    found = []
    for step in trial.recipe.steps:
        known = steps.get(step["step"])
        if known is None:
            continue
        smaller = known.group in STRUCTURE and "file" in known.changes
        zeroes = known.group in STRUCTURE and not smaller
        kinds = {"removes": smaller, "zeroes": zeroes, "writes": known.group in NUMBERS}
        if kinds[what]:
            found.append(known.name)
    return tuple(dict.fromkeys(found))


ROW, BAR = 70, 0.3
"""Pixels of a bar with its two lines of words above; the bar's share of them."""


def waterfall_chart(levels: Sequence[Level], titles: Sequence[str]) -> go.Figure:
    """The levels as bars, each under its title; what it has less than the level before is pale, what is computed
    hatched.
    """
    values = [level.bytes for level in levels]
    before = [values[0], *values[:-1]] if values else []
    reach = [max(pair) for pair in zip(values, before, strict=True)]
    figure = go.Figure()
    for measured in (True, False):
        chosen = [place for place, level in enumerate(levels) if level.measured is measured]
        pattern = {"shape": "" if measured else "/", "size": 6}
        figure.add_bar(
            y=chosen,
            x=[values[place] for place in chosen],
            marker={"color": ACCENT if measured else faint(ACCENT), "pattern": pattern},
        )
    figure.add_bar(
        y=list(range(len(levels))),
        x=[end - value for end, value in zip(reach, values, strict=True)],
        base=values,
        marker={"color": NEUTRAL, "opacity": 0.22},
    )
    figure.update_traces(orientation="h", width=BAR, hoverinfo="skip")
    common = {"xanchor": "left", "align": "left", "showarrow": False}
    notes = []
    for place, title in enumerate(titles):
        above = {
            "x": 0,
            "y": place - BAR / 2,
            "yanchor": "bottom",
            "text": title,
            "font": {"size": FONT_SIZE - 2},
        }
        beside = {
            "x": reach[place],
            "y": place,
            "yanchor": "middle",
            "text": _told(values[place], before[place]),
        }
        notes += [{**common, **above}, {**common, **beside}]
    figure.update_layout(
        annotations=notes,
        height=8 + ROW * len(levels),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        barmode="overlay",
        dragmode=False,
        showlegend=False,
        font={"size": FONT_SIZE},
    )
    figure.update_xaxes(visible=False, range=[0, 1.62 * max(reach, default=1)], fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(levels) - 1 + 0.28, -0.85], fixedrange=True)
    return figure


def _told(value: int, before: int) -> str:
    """'332 KB  −72 %': the bytes, and the change from the level before."""
    percent = 100 * (value / before - 1) if before else 0.0
    change = f"  {percent:+.0f} %".replace("-", MINUS) if abs(percent) >= 0.5 else ""
    return f"<b>{format_bytes(value)}</b>{change}"
