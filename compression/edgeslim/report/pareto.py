"""The chart of a study as plain data: points on two axes, the front, the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal, get_args

from edgeslim.report.info import like_original
from edgeslim.report.repeats import Spread, by_recipe
from edgeslim.studies.budget import NOT_MEASURED, Budget
from edgeslim.studies.choice import choose
from edgeslim.studies.figures import FIGURES, Figure
from edgeslim.studies.pareto import front
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.units import CHANGE, POINTS, SHARE

Mark = Literal[
    "baseline", "recommended", "front", "wide_front", "dominated", "over_budget", "untimed", "infeasible", "failed"
]  # fmt: skip
"""'wide_front': dominated on the two axes, and by no other trial once the third figure is weighed too."""
MARKS: tuple[Mark, ...] = get_args(Mark)
"""In the order of the legend."""
BAND = 0.2
"""Share of the original's score within which a file is near it: what loses more has failed rather than paid."""
LEAST_BAND = 0.02
"""The same as the least height of the band, so that noise does not fill the chart."""


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
    third: float | None = None
    """The third figure's value, of a repeated recipe the mean; None where it was not measured or not asked for."""
    int8_share: float | None = None
    """Of a recipe that says int8: the share of the multiply-accumulates that compute so."""

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
    """The chart as data. `front` holds trial numbers, the cheapest first; limits and band are stored values."""

    x: Figure
    y: Figure
    third: Figure | None
    points: tuple[Point, ...]
    absent: tuple[Absent, ...]
    front: tuple[int, ...]
    x_limit: float | None
    y_limit: float | None
    band: tuple[float, float] | None
    """The part of the y axis worth looking at: from the best down to the lowest file near the original that a front
    holds. It does not depend on the budget. None where the original has no value."""

    @property
    def below(self) -> tuple[Point, ...]:
        """The points under the band, the best first."""
        if self.band is None:
            return ()
        low = self.band[0]
        return tuple(sorted((p for p in self.points if p.y < low), key=lambda p: (-p.y, p.number)))

    def point(self, number: int) -> Point | None:
        """The point that stands for a trial."""
        return next((point for point in self.points if number in point.numbers), None)


def pareto_info(
    study: StudyResult,
    x: str,
    y: str,
    budget: Budget | None = None,
    *,
    third: str | None = None,
    recommended: int | None = None,
) -> ParetoInfo:
    """Every measured trial of a study on two axes (names in FIGURES), with its front.

    Trials that differ by their seed alone are one point, at the mean. Trials over the budget take no part in the
    front, nor do those of which that is not known yet. Trials without a value on either axis are in `absent`.
    `third` is a figure weighed beside the axes, `recommended` a trial with a mark of its own.
    """
    axes, original = (FIGURES.get(x), FIGURES.get(y)), study.original
    weighed = FIGURES.get(third) if third else None
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
        _placed(group, values, axes, weighed, original)
        for group in by_recipe(trial for trial in study.trials if trial.number in values)
    ]
    kept = [point for point in placed if not all(number in rejected for number in point.numbers)]
    best, wide = _fronts(kept, axes, weighed)
    groups = study.groups
    if groups is not None and y not in (groups.metric, "paired_delta"):
        groups = None

    def mark(point: Point) -> Mark:
        standing = _standing(point, study.baseline, rejected)
        if standing is None and recommended in point.numbers:
            return "recommended"
        on: Mark = "front" if point.number in best else "wide_front" if point.number in wide else "dominated"
        return standing or on

    points = tuple(
        replace(point, mark=mark(point), alike=groups.like(point.number) if groups else ())
        for point in placed
    )
    on_front = sorted((p for p in points if p.number in best), key=lambda p: (p.x, p.number))
    limits = _limits(study, budget) if budget else {}
    all_fronts = (best, wide) if len(kept) == len(placed) else _fronts(placed, axes, weighed)
    return ParetoInfo(
        *axes,
        weighed,
        points,
        tuple(absent),
        tuple(point.number for point in on_front),
        limits.get(x),
        limits.get(y),
        _band(points, all_fronts[0] | all_fronts[1], study, axes[1]),
    )


def _fronts(
    points: Sequence[Point], axes: tuple[Figure, Figure], third: Figure | None
) -> tuple[set[int], set[int]]:
    """Numbers of the points that no other dominates on the axes, and with the third figure; both without one."""
    flat = front([(p.x, p.y) for p in points], [axis.better for axis in axes])
    best = {points[i].number for i in flat}
    if third is None:
        return best, set()
    wide = front([(p.x, p.y, p.third) for p in points], [axis.better for axis in (*axes, third)])
    return best, {points[i].number for i in wide}


def _band(
    points: Sequence[Point], fronts: Set[int], study: StudyResult, axis: Figure
) -> tuple[float, float] | None:
    """What of the y axis is worth looking at. A score is measured from zero, a change from the original's score."""
    original = next((p for p in points if study.baseline in p.numbers), None)
    scale = study.original.objective if axis.kind is CHANGE and study.original else None
    if original is None or (scale is None and axis.kind not in (POINTS, SHARE)):
        return None
    scale = original.y if scale is None else scale
    near = [p for p in points if p.number in fronts and p.y >= original.y - BAND * scale]
    low = min([original.y_bounds[0], original.y - LEAST_BAND * scale, *(p.y_bounds[0] for p in near)])
    return low, max(p.y_bounds[1] for p in points)


def _placed(
    group: Sequence[TrialResult],
    values: Mapping[int, tuple[float, float]],
    axes: tuple[Figure, Figure],
    third: Figure | None,
    original: TrialResult | None,
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
    weighed = [third.value(trial, original) for trial in group] if third else []
    known = [value for value in weighed if value is not None]
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
        third=sum(known) / len(known) if known else None,
        int8_share=middle.int8_share if middle.int8_asked else None,
    )


def _standing(point: Point, baseline: int | None, rejected: Mapping[int, Sequence[str]]) -> Mark | None:
    """The mark of a point that takes no part in the front as others do."""
    if point.number == baseline:
        return "baseline"
    if all(number in rejected for number in point.numbers):
        reasons = {reason for number in point.numbers for reason in rejected[number]}
        return "untimed" if reasons == {NOT_MEASURED} else "over_budget"
    return None


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
