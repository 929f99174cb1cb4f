"""What a study says, as plain data: nothing here draws or makes sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from compression.report.axes import AXES, Axis, Trial, look_up
from compression.search.pareto import front
from compression.search.selection import Budget, Reason, choose
from compression.search.study import StudyResult

Study = Mapping[str, Any]
"""A study as its JSON holds it."""

Mark = Literal["front", "dominated", "baseline", "over_budget", "failed", "infeasible", "untimed"]
MARKS: tuple[Mark, ...] = (
    "front", "dominated", "baseline", "over_budget", "untimed", "infeasible", "failed",
)  # fmt: skip
"""In the order of the legend."""


@dataclass(frozen=True, slots=True)
class Point:
    """A trial on the chart. Values and intervals are as stored (bytes, shares of 1), never null."""

    number: int
    title: str
    mark: Mark
    x: float
    y: float
    x_bounds: tuple[float, float]
    """(x, x) where no interval is known."""
    y_bounds: tuple[float, float]
    like_original: bool
    """The paired interval of the loss spans zero: not distinguishable from the original on these images."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A trial that has no place on these axes, and why."""

    number: int
    title: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class ParetoInfo:
    """The chart as data. `front` holds trial numbers, the cheapest first; limits are stored values."""

    x: Axis
    y: Axis
    points: tuple[Point, ...]
    absent: tuple[Absent, ...]
    front: tuple[int, ...]
    x_limit: float | None
    y_limit: float | None

    def point(self, number: int) -> Point | None:
        return next((point for point in self.points if point.number == number), None)


def pareto_info(study: Study, x: str, y: str, budget: Budget | None = None) -> ParetoInfo:
    """Every measured trial of a study on two axes (names in AXES), with its front.

    Trials over the budget take no part in the front, nor do those of which that is not known yet. Trials
    without a value on either axis are listed in `absent`.
    """
    axes = AXES.get(x), AXES.get(y)
    baseline: int | None = study["baseline"]
    rejected = choose(StudyResult.from_json(study), budget).rejected if budget else {}
    placed: list[tuple[Trial, float, float]] = []
    absent: list[Absent] = []
    for trial in study["trials"]:
        values = axes[0].value(trial, baseline), axes[1].value(trial, baseline)
        if measured(trial) and values[0] is not None and values[1] is not None:
            placed.append((trial, values[0], values[1]))
        elif measured(trial) or trial["state"] in ("failed", "infeasible"):
            mark: Mark = "untimed" if measured(trial) else trial["state"]
            absent.append(Absent(trial["number"], trial["title"], mark))
    kept = [item for item in placed if item[0]["number"] not in rejected]
    best = [kept[i][0]["number"] for i in front([item[1:] for item in kept], [axis.better for axis in axes])]
    points = tuple(
        Point(
            number=trial["number"],
            title=trial["title"],
            mark=_mark(trial["number"], baseline, best, rejected),
            x=x_value,
            y=y_value,
            x_bounds=axes[0].bounds(trial) or (x_value, x_value),
            y_bounds=axes[1].bounds(trial) or (y_value, y_value),
            like_original=trial["number"] != baseline and like_original(trial),
        )
        for trial, x_value, y_value in placed
    )
    limits = _limits(study, budget) if budget else {}
    return ParetoInfo(*axes, points, tuple(absent), tuple(best), limits.get(x), limits.get(y))


def _mark(
    number: int, baseline: int | None, best: Sequence[int], rejected: Mapping[int, Sequence[Reason]]
) -> Mark:
    if number == baseline:
        return "baseline"
    if number in rejected:
        return "untimed" if set(rejected[number]) == {"not_measured"} else "over_budget"
    return "front" if number in best else "dominated"


def _limits(study: Study, budget: Budget) -> dict[str, float | None]:
    """The budget by axis name. A loss is a limit on the change, and so on the headline measure."""
    original = trial_of(study, study["baseline"]) or {}
    metric = original.get("primary_metric") or "mAP"
    limits: dict[str, float | None] = {
        "download": budget.download,
        "file": budget.file,
        "latency_ratio": budget.latency_ratio,
        "paired_delta": None if budget.loss is None else -budget.loss,
        metric: budget.accuracy,
    }
    best = look_up(original, AXES.get(metric).path)
    if budget.loss is not None and best is not None:
        limits[metric] = max(best - budget.loss, budget.accuracy or 0.0)
    return limits


def measured(trial: Trial) -> bool:
    """Whether a trial has a file with a size: complete, or only its timing still to come."""
    return trial["state"] in ("complete", "running") and trial.get("sizes") is not None


def like_original(trial: Trial) -> bool:
    """Whether the paired interval of the loss spans zero: no difference shown on these images."""
    bounds = AXES.get("paired_delta").bounds(trial)
    return bounds is not None and bounds[0] <= 0.0 <= bounds[1]


def trial_of(study: Study, number: int | None) -> dict[str, Any] | None:
    """The trial of that number, or None."""
    return next((trial for trial in study["trials"] if trial["number"] == number), None)


def worth_it(study: Study, loss: float = 0.015) -> int | None:
    """The smallest download that surely loses less than `loss` (share of 1) of the headline measure.

    'Surely': the paired 95 % interval stays above it. Trials of the study's front go first; without a sure one
    it is the smallest of the front. None if nothing but the original was measured.
    """
    delta = AXES.get("paired_delta")
    others = [t for t in study["trials"] if measured(t) and t["number"] != study["baseline"]]
    best = [t for t in others if t["number"] in study["front"]]
    sure = [t for t in others if (bounds := delta.bounds(t)) is not None and bounds[0] >= -loss]
    pool = [t for t in sure if t in best] or sure or best
    return min(pool, key=lambda t: t["sizes"]["download"])["number"] if pool else None


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
