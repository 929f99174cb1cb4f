"""The chart of a study as plain data: points on two axes, the front, the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal

from edgeslim.report.axes import AXES, Axis, Trial, look_up
from edgeslim.report.confidence import groups_info
from edgeslim.report.info import Study, like_original, measured, trial_of
from edgeslim.report.repeats import Spread, by_recipe
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import Reason, choose
from edgeslim.studies.pareto import front
from edgeslim.studies.study import StudyResult

Mark = Literal["front", "dominated", "baseline", "over_budget", "failed", "infeasible", "untimed"]
MARKS: tuple[Mark, ...] = (
    "front", "dominated", "baseline", "over_budget", "untimed", "infeasible", "failed",
)  # fmt: skip
"""In the order of the legend."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One of several results of a recipe."""

    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Point:
    """A trial on the chart, or several of one recipe. Values and intervals are as stored, never null."""

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
    seeds: tuple[Seed, ...] = ()
    """The single results of a recipe that was repeated: the point is their mean, its bounds their range, its
    number that of the seed nearest to the mean."""
    alike: tuple[int, ...] = ()
    """Trials that cannot be told from this one (report.confidence), if the y axis is what was compared."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """All trials that this point stands for."""
        return tuple(seed.number for seed in self.seeds) or (self.number,)


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
        """The point that stands for a trial."""
        return next((point for point in self.points if number in point.numbers), None)


def pareto_info(study: Study, x: str, y: str, budget: Budget | None = None) -> ParetoInfo:
    """Every measured trial of a study on two axes (names in AXES), with its front.

    Trials that differ by their seed alone are one point, at the mean. Trials over the budget take no part in the
    front, nor do those of which that is not known yet. Trials without a value on either axis are in `absent`.
    """
    axes = AXES.get(x), AXES.get(y)
    baseline: int | None = study["baseline"]
    rejected = choose(StudyResult.from_json(study), budget).rejected if budget else {}
    values: dict[int, tuple[float, float]] = {}
    absent: list[Absent] = []
    for trial in study["trials"]:
        found = axes[0].value(trial, baseline), axes[1].value(trial, baseline)
        if measured(trial) and found[0] is not None and found[1] is not None:
            values[trial["number"]] = found[0], found[1]
        elif measured(trial) or trial["state"] in ("failed", "infeasible"):
            mark: Mark = "untimed" if measured(trial) else trial["state"]
            absent.append(Absent(trial["number"], trial["title"], mark))
    placed = [
        _placed(group, values, axes)
        for group in by_recipe(trial for trial in study["trials"] if trial["number"] in values)
    ]
    kept = [point for point in placed if not all(number in rejected for number in point.numbers)]
    best = {kept[i].number for i in front([(p.x, p.y) for p in kept], [axis.better for axis in axes])}
    groups = groups_info(study)
    if groups is not None and y not in (groups.metric, "paired_delta"):
        groups = None
    points = tuple(
        replace(
            point,
            mark=_mark(point, baseline, best, rejected),
            alike=groups.like(point.number) if groups else (),
        )
        for point in placed
    )
    on_front = sorted((p for p in points if p.number in best), key=lambda p: (p.x, p.number))
    limits = _limits(study, budget) if budget else {}
    numbers = tuple(point.number for point in on_front)
    return ParetoInfo(*axes, points, tuple(absent), numbers, limits.get(x), limits.get(y))


def _placed(
    group: Sequence[Trial], values: Mapping[int, tuple[float, float]], axes: tuple[Axis, Axis]
) -> Point:
    """A recipe's point: its trial, or the mean of its trials."""
    seeds = tuple(Seed(trial["number"], *values[trial["number"]]) for trial in group)
    numbers = tuple(seed.number for seed in seeds)
    across, up = Spread(numbers, tuple(s.x for s in seeds)), Spread(numbers, tuple(s.y for s in seeds))
    number, first = up.middle, group[0]
    if len(seeds) > 1:
        bounds = across.bounds, up.bounds
    else:
        bounds = axes[0].bounds(first) or across.bounds, axes[1].bounds(first) or up.bounds
    middle = next(trial for trial in group if trial["number"] == number)
    return Point(
        number=number,
        title=first["title"],
        mark="dominated",
        x=across.mean,
        y=up.mean,
        x_bounds=bounds[0],
        y_bounds=bounds[1],
        like_original=bool(middle["recipe"]["steps"]) and like_original(middle),
        seeds=seeds if len(seeds) > 1 else (),
    )


def _mark(
    point: Point, baseline: int | None, best: Set[int], rejected: Mapping[int, Sequence[Reason]]
) -> Mark:
    if point.number == baseline:
        return "baseline"
    if all(number in rejected for number in point.numbers):
        reasons = {reason for number in point.numbers for reason in rejected[number]}
        return "untimed" if reasons == {"not_measured"} else "over_budget"
    return "front" if point.number in best else "dominated"


def _limits(study: Study, budget: Budget) -> dict[str, float | None]:
    """The budget by axis name. A loss is a limit on the change, and so on the headline measure."""
    original = trial_of(study, study["baseline"]) or {}
    metric = original.get("primary_metric") or "mAP"
    limits: dict[str, float | None] = {
        "download": budget.download,
        "file": budget.file,
        "latency_ratio": budget.latency_ratio,
        "macs": budget.macs,
        "peak_memory": budget.memory,
        "paired_delta": None if budget.loss is None else -budget.loss,
        metric: budget.accuracy,
    }
    best = look_up(original, AXES.get(metric).path)
    if budget.loss is not None and best is not None:
        limits[metric] = max(best - budget.loss, budget.accuracy or 0.0)
    if budget.agreement is not None:
        limits["agreement"] = max(budget.agreement, limits.get("agreement") or 0.0)
    return limits
