"""What a study says, as plain data: nothing here draws or makes sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeslim.report.axes import AXES, Trial, look_up

Study = Mapping[str, Any]
"""A study as its JSON holds it."""


def measured(trial: Trial) -> bool:
    """Whether a trial has a file with a size: complete, or only its timing still to come."""
    return trial["state"] in ("complete", "running") and trial.get("sizes") is not None


def like_original(trial: Trial) -> bool:
    """Whether the paired interval of the loss spans zero: no difference shown on these images."""
    bounds = AXES.get("paired_delta").bounds(trial)
    return bounds is not None and bounds[0] <= 0.0 <= bounds[1]


def noisy(study: Study) -> tuple[int, ...]:
    """The trials whose timing scattered too much to be trusted; the original's noise is in all ratios."""
    latencies = {trial["number"]: trial.get("latency") or {} for trial in study["trials"]}
    return tuple(number for number, latency in latencies.items() if latency.get("noisy"))


def trial_of(study: Study, number: int | None) -> dict[str, Any] | None:
    """The trial of that number, or None."""
    return next((trial for trial in study["trials"] if trial["number"] == number), None)


def proposed(study: Study) -> list[dict[str, Any]]:
    """The trials that the study's search has proposed, in its last search_run: like the time it tells."""
    first = (study.get("search") or {}).get("first", 0)
    return [trial for trial in study["trials"] if trial.get("proposed") and trial["number"] >= first]


def worth_it(study: Study, loss: float = 0.015) -> int | None:
    """What saves most, in download and time together, and surely loses less than `loss` (share of 1) of the headline.

    'Surely': the paired 95 % interval stays above it. Saved is the product of both ratios to the original; a file that
    was not timed counts as slow as that. Without a sure one it is of the study's front. None if nothing but the
    original was measured.
    """
    delta, time = AXES.get("paired_delta"), AXES.get("latency_ratio")
    others = [t for t in study["trials"] if measured(t) and t["number"] != study["baseline"]]
    sure = [t for t in others if (bounds := delta.bounds(t)) is not None and bounds[0] >= -loss]
    pool = sure or [t for t in others if t["number"] in study["front"]]
    left = {t["number"]: t["sizes"]["download"] * (time.value(t, study["baseline"]) or 1.0) for t in pool}
    return min(left, key=lambda number: left[number]) if left else None


@dataclass(frozen=True, slots=True)
class Headline:
    """One trial against the original, as the first screen says it."""

    number: int
    smaller: float
    """Download of the original divided by this one's."""
    faster: float | None
    """Time of the original divided by this one's; None while not timed."""
    change: float | None
    """Difference of the primary metric (share of 1), with its paired interval."""
    interval: tuple[float, float] | None
    like_original: bool


def headline(study: Study, number: int) -> Headline | None:
    """The headline of one trial, or None if it or the original has not been measured."""
    trial, original = trial_of(study, number), trial_of(study, study["baseline"])
    if trial is None or original is None:
        return None
    sizes = look_up(original, ("sizes", "download")), look_up(trial, ("sizes", "download"))
    if sizes[0] is None or not sizes[1]:
        return None
    ratio = AXES.get("latency_ratio").value(trial, study["baseline"])
    delta = AXES.get("paired_delta")
    return Headline(
        number,
        sizes[0] / sizes[1],
        1.0 / ratio if ratio else None,
        delta.value(trial, study["baseline"]),
        delta.bounds(trial),
        like_original(trial),
    )


@dataclass(frozen=True, slots=True)
class SizeRow:
    """One size of a trial beside the original's, in bytes."""

    name: str
    original: float
    value: float


def size_info(study: Study, number: int) -> tuple[SizeRow, ...]:
    """File, download and entropy bound of a trial and of the original, where both are known."""
    trial, original = trial_of(study, number), trial_of(study, study["baseline"])
    if trial is None or original is None:
        return ()
    rows = []
    for name in ("file", "download", "entropy_bound"):
        values = look_up(original, ("sizes", name)), look_up(trial, ("sizes", name))
        if values[0] is not None and values[1] is not None:
            rows.append(SizeRow(name, values[0], values[1]))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: the original's score, this trial's, and the difference (shares of 1)."""

    label: str
    original: float
    value: float

    @property
    def change(self) -> float:
        return self.value - self.original


def class_info(study: Study, number: int, limit: int = 12) -> tuple[ClassRow, ...]:
    """The classes whose score changed most against the original, the worst loss first; at most `limit`."""
    trial, original = trial_of(study, number), trial_of(study, study["baseline"])
    if trial is None or original is None:
        return ()
    rows = []
    for label in (original.get("accuracy") or {}).get("by_class") or {}:
        before = look_up(original, ("accuracy", "by_class", label))
        after = look_up(trial, ("accuracy", "by_class", label))
        if before is not None and after is not None:
            rows.append(ClassRow(label, before, after))
    strongest = sorted(rows, key=lambda row: abs(row.change), reverse=True)[:limit]
    return tuple(sorted(strongest, key=lambda row: row.change))


def counts(study: Study) -> dict[str, int]:
    """How many trials are in each state that occurs."""
    found: dict[str, int] = {}
    for trial in study["trials"]:
        found[trial["state"]] = found.get(trial["state"], 0) + 1
    return found


def unchanged(trial: Trial, effects: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What the recipe's steps do not change: 'size' (neither file nor download), 'file', 'latency', 'memory'.

    `effects` maps a step's name to what it changes, as the steps themselves declare it.
    """
    changed = {effect for step in trial["recipe"]["steps"] for effect in effects.get(step["step"], ())}
    size = "file" if "download" in changed else "size"
    kept = (size if "file" not in changed else "", *({"latency", "memory"} - changed))
    return tuple(sorted(filter(None, kept)))
