"""The chart of a study as plain data: points on two axes, the front, the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal

from edgeslim.report.info import like_original
from edgeslim.report.repeats import Spread, by_recipe
from edgeslim.studies.budget import NOT_MEASURED, Budget
from edgeslim.studies.choice import choose
from edgeslim.studies.figures import FIGURES, Figure
from edgeslim.studies.pareto import front
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

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
    """Trials that cannot be told from this one (studies.groups), if the y axis is what was compared."""

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

    x: Figure
    y: Figure
    points: tuple[Point, ...]
    absent: tuple[Absent, ...]
    front: tuple[int, ...]
    x_limit: float | None
    y_limit: float | None

    def point(self, number: int) -> Point | None:
        """The point that stands for a trial."""
        return next((point for point in self.points if number in point.numbers), None)


def pareto_info(study: StudyResult, x: str, y: str, budget: Budget | None = None) -> ParetoInfo:
    """Every measured trial of a study on two axes (names in FIGURES), with its front.

    Trials that differ by their seed alone are one point, at the mean. Trials over the budget take no part in the
    front, nor do those of which that is not known yet. Trials without a value on either axis are in `absent`.
    """
    axes, original = (FIGURES.get(x), FIGURES.get(y)), study.original
    rejected = choose(study, budget).rejected if budget else {}
    values: dict[int, tuple[float, float]] = {}
    absent: list[Absent] = []
    for trial in study.trials:
        across, up = (axis.value(trial, original) for axis in axes)
        if trial.measured and across is not None and up is not None:
            values[trial.number] = across, up
        elif trial.measured:
            absent.append(Absent(trial.number, trial.title, "untimed"))
        elif trial.state in ("failed", "infeasible"):
            absent.append(Absent(trial.number, trial.title, trial.state))
    placed = [
        _placed(group, values, axes)
        for group in by_recipe(trial for trial in study.trials if trial.number in values)
    ]
    kept = [point for point in placed if not all(number in rejected for number in point.numbers)]
    best = {kept[i].number for i in front([(p.x, p.y) for p in kept], [axis.better for axis in axes])}
    groups = study.groups
    if groups is not None and y not in (groups.metric, "paired_delta"):
        groups = None
    points = tuple(
        replace(
            point,
            mark=_mark(point, study.baseline, best, rejected),
            alike=groups.like(point.number) if groups else (),
        )
        for point in placed
    )
    on_front = sorted((p for p in points if p.number in best), key=lambda p: (p.x, p.number))
    limits = _limits(study, budget) if budget else {}
    numbers = tuple(point.number for point in on_front)
    return ParetoInfo(*axes, points, tuple(absent), numbers, limits.get(x), limits.get(y))


def _placed(
    group: Sequence[TrialResult], values: Mapping[int, tuple[float, float]], axes: tuple[Figure, Figure]
) -> Point:
    """A recipe's point: its trial, or the mean of its trials."""
    seeds = tuple(Seed(trial.number, *values[trial.number]) for trial in group)
    numbers = tuple(seed.number for seed in seeds)
    across, up = Spread(numbers, tuple(s.x for s in seeds)), Spread(numbers, tuple(s.y for s in seeds))
    number, first = up.middle, group[0]
    if len(seeds) > 1:
        bounds = across.bounds, up.bounds
    else:
        bounds = axes[0].bounds(first) or across.bounds, axes[1].bounds(first) or up.bounds
    middle = next(trial for trial in group if trial.number == number)
    return Point(
        number=number,
        title=first.title,
        mark="dominated",
        x=across.mean,
        y=up.mean,
        x_bounds=bounds[0],
        y_bounds=bounds[1],
        like_original=bool(middle.recipe.steps) and like_original(middle),
        seeds=seeds if len(seeds) > 1 else (),
    )


def _mark(point: Point, baseline: int | None, best: Set[int], rejected: Mapping[int, Sequence[str]]) -> Mark:
    if point.number == baseline:
        return "baseline"
    if all(number in rejected for number in point.numbers):
        reasons = {reason for number in point.numbers for reason in rejected[number]}
        return "untimed" if reasons == {NOT_MEASURED} else "over_budget"
    return "front" if point.number in best else "dominated"


def _limits(study: StudyResult, budget: Budget) -> dict[str, float]:
    """The budget by axis name. Accuracy limits the headline measure, a loss that measure and the change."""
    limits = dict(budget.limits)
    loss = limits.pop("loss", None)
    original = study.original
    metric = (original.primary_metric if original else None) or "mAP"
    if "accuracy" in limits:
        limits[metric] = max(limits.pop("accuracy"), limits.get(metric, 0.0))
    if loss is not None:
        limits["paired_delta"] = -loss
        if original is not None and original.objective is not None:
            limits[metric] = max(original.objective - loss, limits.get(metric, 0.0))
    return limits
