"""The recipes that a search tries, derived from what the steps declare.

A recipe is a row of slots, each empty or filled by one step: one slot for each group of techniques that reshape the
network, one for recovery (steps that change accuracy only), one for how weights are stored, one for computing with
weights stored like that. Which steps can fill them follows from what model and data have; their
parameters' `search` says what is tried.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from random import Random
from typing import TYPE_CHECKING, Any

from edgeslim.params import Param, parameters
from edgeslim.recipe import Recipe
from edgeslim.steps import STEPS, Step, order
from edgeslim.steps.base import STORED

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

NONE = "none"
"""The choice that leaves a slot empty."""
RECOVERY, STORAGE, COMPUTING = "recovery", "storage", "computing"
_FIRST_GROUPS = ("pruning", "low_rank")
"""Pruning comes before factorization; other groups follow in the order of registration."""
_SIDE_UNITS = ("images", "steps", "seconds", "s")
"""Units of parameters that say how thoroughly a step works, not how much it compresses."""
LEVELS = 3
"""Values of a number on a grid."""
_MOST_OF_GRID = 100_000
"""Points of a grid at most."""
Point = Mapping[str, Any]
"""{slot: step's name or 'none', 'step.parameter': value}: free-form, since steps declare their parameters themselves."""
LEAST_STEPS = 10


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a recipe for one of `steps`, or none."""

    name: str
    steps: tuple[type[Step], ...]


@dataclass(frozen=True, slots=True)
class Space:
    """Slots in their order."""

    slots: tuple[Slot, ...]

    def shapes(self) -> Space:
        """The part without storage."""
        return Space(tuple(slot for slot in self.slots if slot.name not in (STORAGE, COMPUTING)))

    def storages(self) -> Space:
        return Space(tuple(slot for slot in self.slots if slot.name in (STORAGE, COMPUTING)))

    def flat(self) -> dict[str, BaseDistribution]:
        """All choices, active or not: a genome of fixed length."""
        found: dict[str, BaseDistribution] = {}
        for slot in self.slots:
            found[slot.name] = _one_of((NONE, *(step.name for step in slot.steps)))
            for step in slot.steps:
                found |= _distributions(step)
        return found

    def suggest(self, trial: Trial) -> Point:
        """Ask `trial` for the active choices, one by one."""
        point: dict[str, Any] = {}
        for slot in self.slots:
            names = (NONE, *(step.name for step in slot.steps))
            point[slot.name] = trial._suggest(slot.name, _one_of(names))
            for step in slot.steps:
                if step.name == point[slot.name]:
                    asked = _distributions(step).items()
                    point |= {name: trial._suggest(name, distribution) for name, distribution in asked}
        return point

    def grid(self, seed: int = 0) -> Iterator[Point]:
        """All points with numbers at LEVELS values, in random order."""
        slots = [_choices(slot) for slot in self.slots]
        total = math.prod(len(choices) for choices in slots)
        for index in Random(seed).sample(range(total), min(total, _MOST_OF_GRID)):
            point: dict[str, Any] = {}
            for choices in slots:
                index, place = divmod(index, len(choices))
                point |= choices[place]
            yield point

    def recipe(self, point: Point, seed: int = 0) -> Recipe | None:
        """The point's recipe, with its steps in a valid order; None if there is none."""
        steps = []
        for slot in self.slots:
            for step in slot.steps:
                if step.name == point[slot.name]:
                    values = {p.name: rounded(point[f"{step.name}.{p.name}"]) for p in searched(step)}
                    steps.append(step(**values))
        sensible = order.repaired(steps)
        return None if sensible is None else Recipe(sensible, seed)

    def point(self, recipe: Recipe) -> Point | None:
        """The point nearest to a recipe, active choices only; None if its steps have no slots here."""
        point: dict[str, Any] = {slot.name: NONE for slot in self.slots}
        for step in recipe.steps:
            free = (slot for slot in self.slots if type(step) in slot.steps and point[slot.name] == NONE)
            slot = next(free, None)
            if slot is None:
                return None
            point[slot.name] = step.name
            for p in searched(type(step)):
                point[f"{step.name}.{p.name}"] = _nearest(p, getattr(step, p.name))
        return point

    def exact_point(self, recipe: Recipe) -> Point:
        """The point whose recipe equals this one; empty if there is none."""
        point = self.point(recipe)
        found = None if point is None else self.recipe(point, recipe.seed)
        return point if point is not None and found is not None and found.steps == recipe.steps else {}

    def distributions(self, point: Point) -> dict[str, BaseDistribution]:
        """The distributions of a point's values."""
        flat = self.flat()
        return {name: flat[name] for name in point}


def space_of(names: Collection[str]) -> Space:
    """The space of the steps of these names."""
    fitting = [step for step in STEPS if step.name in names]
    storing = tuple(step for step in fitting if STORED & step.makes)
    recovering = tuple(step for step in fitting if _only_recovers(step))
    reshaping = [step for step in fitting if step not in storing and step not in recovering]
    present = {step.group for step in reshaping}
    groups = dict.fromkeys([*(g for g in _FIRST_GROUPS if g in present), *(step.group for step in reshaping)])
    slots = [Slot(group, tuple(step for step in reshaping if step.group == group)) for group in groups]
    keeping = tuple(step for step in storing if "levels" not in step.makes | step.destroys)
    slots += [Slot(RECOVERY, recovering), Slot(STORAGE, storing), Slot(COMPUTING, keeping)]
    return Space(tuple(slot for slot in slots if slot.steps))


def searched(step: type[Step]) -> tuple[Param, ...]:
    """The parameters that a search varies, each with its `search`.

    Without any, it is the length of a recovery, and of other steps the amount: the first number with bounds that is not
    an effort (images, steps, seconds).
    """
    declared = parameters(step)
    hinted = tuple(p for p in declared if p.search is not None)
    if hinted:
        return hinted
    numbers = [p for p in declared if p.type in (int, float) and p.low is not None and p.high is not None]
    if _only_recovers(step):
        lengths = (p for p in numbers if p.unit == "steps")
        return tuple(_ranged(p, p.default // 3, p.default * 3, log=True) for p in lengths)
    amounts = (p for p in numbers if p.unit not in _SIDE_UNITS)
    return tuple(_ranged(p, p.low, p.high) for p in islice(amounts, 1))


def at_share(recipe: Recipe, share: float) -> Recipe:
    """The recipe with that share of its recovery: the searched parameters in steps are scaled."""
    return dataclasses.replace(recipe, steps=tuple(_shortened(step, share) for step in recipe.steps))


def recovers(recipe: Recipe) -> bool:
    """Whether less recovery would make the recipe cheaper."""
    return at_share(recipe, 0.0) != recipe


def recovery_steps(step: Step) -> int:
    """Training steps of the step, as far as a search varies them."""
    return sum(getattr(step, p.name) for p in searched(type(step)) if p.unit == "steps")


def title(recipe: Recipe) -> str:
    """The steps' names with their amounts: 'channel_pruning 0.23 + fine_tuning 210'."""
    return recipe.name or " + ".join(_step_title(step) for step in recipe.steps) or recipe.title


def _only_recovers(step: type[Step]) -> bool:
    return step.changes == {"accuracy"} and not STORED & step.makes


def _ranged(p: Param, low: Any, high: Any, log: bool = False) -> Param:
    return dataclasses.replace(p, search=(low, high), log=log)


def _step_title(step: Step) -> str:
    numbers = [getattr(step, p.name) for p in searched(type(step)) if p.type in (int, float)]
    return f"{step.name} {numbers[0]:g}" if numbers else step.name


def _shortened(step: Step, share: float) -> Step:
    counts = {p.name: getattr(step, p.name) for p in searched(type(step)) if p.unit == "steps"}
    scaled = {name: min(count, max(LEAST_STEPS, round(count * share))) for name, count in counts.items()}
    values = {key: value for key, value in step.to_json().items() if key != "step"}
    return type(step)(**{**values, **scaled})


def _one_of(values: tuple[Any, ...]) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution

    return CategoricalDistribution(values)


def _choices(slot: Slot) -> list[dict[str, Any]]:
    """All contents of a slot on the grid."""
    found: list[dict[str, Any]] = [{slot.name: NONE}]
    for step in slot.steps:
        names = [f"{step.name}.{p.name}" for p in searched(step)]
        levels = product(*(_levels(p) for p in searched(step)))
        found += [{slot.name: step.name, **dict(zip(names, values, strict=True))} for values in levels]
    return found


def _distributions(step: type[Step]) -> dict[str, BaseDistribution]:
    return {f"{step.name}.{p.name}": _distribution(p) for p in searched(step)}


def _distribution(p: Param) -> BaseDistribution:
    from optuna.distributions import FloatDistribution, IntDistribution

    assert p.search is not None
    if p.type not in (int, float):
        return _one_of(p.search)
    low, high = p.search
    return IntDistribution(low, high, p.log) if p.type is int else FloatDistribution(low, high, p.log)


def _levels(p: Param) -> tuple[Any, ...]:
    """LEVELS values from one end of the range to the other."""
    assert p.search is not None
    if p.type not in (int, float):
        return p.search
    low, high = (math.log(end) if p.log else end for end in p.search)
    places = [low + (high - low) * i / (LEVELS - 1) for i in range(LEVELS)]
    values = [math.exp(place) if p.log else place for place in places]
    return tuple(dict.fromkeys(rounded(p.type(round(v) if p.type is int else v)) for v in values))


def _nearest(p: Param, value: Any) -> Any:
    assert p.search is not None
    if p.type in (int, float):
        return min(max(value, p.search[0]), p.search[1])
    return value if value in p.search else p.search[0]


def rounded(value: Any) -> Any:
    """Two significant digits are enough, and let recipes share prefixes."""
    if isinstance(value, float):
        return float(f"{value:.2g}")
    return int(float(f"{value:.2g}")) if type(value) is int else value
