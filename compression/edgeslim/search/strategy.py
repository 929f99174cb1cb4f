"""The source of a search's recipes: whole recipes from one sampler, or shapes and storages from two, combined.

A recipe's shape is what is pruned, factorized and recovered; its storage is how weights are stored. Costs of the two
nearly multiply, and losses nearly add up, so a combination's figures can be predicted from those of its parts. A
recovered shape is expensive to make but free once it is in the store: it is combined with every storage that promises
to enlarge the front, without a sampler having to propose it again. Likewise the recipe halfway between two measured
parts that differ in one number: so a search closes in on a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from edgeslim.recipe import Recipe
from edgeslim.search.evaluator import ObjectiveEvaluator, Values
from edgeslim.search.halving import Standing
from edgeslim.search.neighbours import Neighbours
from edgeslim.search.sampling import Proposals
from edgeslim.search.space import Space
from edgeslim.steps import order
from edgeslim.steps.base import STORED
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.hypervolume import Gains, hypervolume
from edgeslim.studies.pareto import front
from edgeslim.studies.presets import PRESETS, fitting
from edgeslim.studies.search_run import SamplerName

Fits = Callable[[Recipe], bool]
_FIRST_STORAGES = 6
"""Storages proposed before the first shape, since they are quick …"""
_SHAPES = 2
"""… and later one storage for this many shapes."""
_WORTH = 0.01
"""The predicted relative gain in volume, or gain in quality, that a combination must promise."""


class Strategy(Protocol):
    """Proposes recipes, and learns from their results."""

    def next(self) -> Recipe | None:
        """A new recipe; None if no other is left."""

    def combination(self, measured: Sequence[Gains], fits: Fits) -> Recipe | None:
        """The recipe, of measured parts or neighbours, that promises to add most to the front, if that is enough."""

    def kind(self, recipe: Recipe) -> str:
        """The kind of recipes that it competes with."""

    def standing(self, recipe: Recipe, values: Values) -> Standing:
        """The standing of a recipe among others of its kind on the same rung."""

    def tell(self, recipe: Recipe, values: Values | None, full: bool) -> None:
        """Learn the final measurement of a proposal; None: it failed."""

    def claim(self, recipe: Recipe) -> None:
        """Count a recipe as proposed: it was tried before this search began."""


class Whole:
    """One sampler over the whole space."""

    def __init__(
        self,
        space: Space,
        sampler: SamplerName,
        seed: int,
        seeds: Sequence[Recipe],
        judge: ObjectiveEvaluator,
    ) -> None:
        self._evaluator = judge
        self._proposals = Proposals(space, sampler, len(judge.objectives), seed, seeds)

    def next(self) -> Recipe | None:
        return self._proposals.next()

    def combination(self, measured: Sequence[Gains], fits: Fits) -> Recipe | None:
        return None

    def kind(self, recipe: Recipe) -> str:
        return ""

    def standing(self, recipe: Recipe, values: Values) -> Standing:
        return self._evaluator.standing(values)

    def tell(self, recipe: Recipe, values: Values | None, full: bool) -> None:
        if values is None:
            self._proposals.tell(recipe, None, {})
        else:
            self._proposals.tell(recipe, self._evaluator.gains(values), self._evaluator.misses(values))

    def claim(self, recipe: Recipe) -> None:
        self._proposals.claim(recipe)


class Factored:
    """One sampler for shapes and one for storages; the value of a combination is predicted before it is measured."""

    def __init__(
        self,
        space: Space,
        sampler: SamplerName,
        seed: int,
        seeds: Sequence[Recipe],
        judge: ObjectiveEvaluator,
    ) -> None:
        self._evaluator = judge
        shapes, storages = zip(*map(parts, seeds), strict=True) if seeds else ((), ())
        measures = len(judge.objectives)
        self._shapes = Proposals(space.shapes(), sampler, measures, seed, shapes)
        self._storages = Proposals(space.storages(), sampler, measures, seed, storages)
        self._known: set[str] = set()
        self._measured: tuple[dict[str, tuple[Recipe, Values]], ...] = ({}, {})
        """Fully measured shapes and storages, by fingerprint."""
        self._promises: dict[str, tuple[Recipe, Gains]] = {}
        """Predicted gains of combinations that were not tried."""
        self._neighbours: Neighbours[Values] = Neighbours()
        self._between: set[str] = set()
        """Recipes between neighbours: one for each new proposal, or nothing new would be tried."""
        self._between_turn = -1
        self._awaited: dict[str, Gains] = {}
        """Predicted gains of combinations that are being measured."""
        self._turn = 0

    def next(self) -> Recipe | None:
        self._turn += 1
        late = self._turn - _FIRST_STORAGES
        storages_first = late <= 0 or late % (_SHAPES + 1) == 0
        both = (self._storages, self._shapes) if storages_first else (self._shapes, self._storages)
        return both[0].next() or both[1].next()

    def combination(self, measured: Sequence[Gains], fits: Fits) -> Recipe | None:
        taken = _best([*measured, *self._awaited.values()])
        # The front only grows: a combination that adds nothing now never will.
        self._promises = {
            name: promise for name, promise in self._promises.items() if not _covered(promise[1], taken)
        }
        volume, quality = hypervolume(taken), self._quality(taken)
        best, most = None, _WORTH
        outstanding = set(_best([gains for _, gains in self._promises.values()]))
        for name, (recipe, gains) in self._promises.items():
            if gains not in outstanding or (name in self._between and self._between_turn == self._turn):
                continue
            more = (hypervolume([*taken, gains]) - volume) / max(volume, 1e-9)
            more += max(0.0, self._quality([gains]) - quality)
            if more > most and fits(recipe):
                best, most = name, more
        if best is None:
            return None
        if best in self._between:
            self._between_turn = self._turn
        recipe, self._awaited[best] = self._promises[best]
        self.claim(recipe)
        return recipe

    def _quality(self, points: Sequence[Gains]) -> float:
        """The best gain in quality: near a limit on costs it decides the choice, but adds little volume."""
        places = [
            place for place, name in enumerate(self._evaluator.objectives) if not FIGURES.get(name).cost
        ]
        return max((point[place] for point in points for place in places), default=0.0)

    def kind(self, recipe: Recipe) -> str:
        return "storage" if parts(recipe)[1].steps else "shape"

    def standing(self, recipe: Recipe, values: Values) -> Standing:
        """A part counts as missing limits by as much as with its best counterpart."""
        counterparts = self._measured[not parts(recipe)[1].steps].values()
        together = (self._evaluator.together(values, other) for _, other in counterparts)
        misses = [self._evaluator.cost_miss(each) for each in (values, *together)]
        return Standing(self._evaluator.raised(values), min(misses))

    def tell(self, recipe: Recipe, values: Values | None, full: bool) -> None:
        shape, storage = parts(recipe)
        self._awaited.pop(recipe.fingerprint(), None)
        if shape.steps and storage.steps:
            return
        proposals = self._storages if storage.steps else self._shapes
        if values is None:
            proposals.tell(recipe, None, {})
            return
        if full and recipe.steps:
            self._measured[bool(storage.steps)][recipe.fingerprint()] = recipe, values
            for middle, its in self._neighbours.add(recipe, values):
                self._between.add(middle.fingerprint())
                self._promise(middle, Recipe(), self._evaluator.halfway(values, its))
            for other, its in self._measured[not storage.steps].values():
                pair = (other, recipe) if storage.steps else (recipe, other)
                self._promise(*pair, self._evaluator.together(values, its))
        standing = self.standing(recipe, values)
        least = self._evaluator.gains(values) if full else standing.gains
        beyond = {f"reference {i}": -gain for i, gain in enumerate(least)}
        proposals.tell(recipe, self._evaluator.gains(values), {"budget": standing.miss, **beyond})

    def claim(self, recipe: Recipe) -> None:
        self._known.add(recipe.fingerprint())
        self._promises.pop(recipe.fingerprint(), None)
        shape, storage = parts(recipe)
        if not storage.steps:
            self._shapes.claim(recipe)
        if not shape.steps:
            self._storages.claim(recipe)

    def _promise(self, shape: Recipe, storage: Recipe, values: Values) -> None:
        """Remember the predicted gains of two parts, if they can be combined and would keep all limits."""
        steps = order.repaired((*shape.steps, *storage.steps))
        if steps is None or len(steps) < len(shape.steps) + len(storage.steps):
            return
        recipe = Recipe(steps, shape.seed)
        if recipe.fingerprint() not in self._known and self._evaluator.within(values):
            self._promises[recipe.fingerprint()] = recipe, self._evaluator.gains(values)


def ready_recipes(space: Space, preset: str | None) -> list[Recipe]:
    """The recipes of a preset that have a point in the space."""
    if preset is None:
        return []
    there = frozenset(need for slot in space.slots for step in slot.steps for need in step().needs)
    return [recipe for recipe in fitting(PRESETS.get(preset), there)[0] if space.point(recipe) is not None]


def parts(recipe: Recipe) -> tuple[Recipe, Recipe]:
    """The recipe's shape and storage; a recipe that is only one of them keeps its name."""
    storing = tuple(bool(STORED & step.makes) for step in recipe.steps)
    if all(storing) or not any(storing):
        empty = Recipe(seed=recipe.seed)
        return (empty, recipe) if any(storing) else (recipe, empty)
    shape = tuple(step for step, stores in zip(recipe.steps, storing, strict=True) if not stores)
    storage = tuple(step for step, stores in zip(recipe.steps, storing, strict=True) if stores)
    return Recipe(shape, recipe.seed), Recipe(storage, recipe.seed)


def _best(points: Sequence[Gains]) -> list[Gains]:
    """The points that are not dominated and gain in every objective."""
    inside = [point for point in points if min(point) > 0]
    return [inside[index] for index in front(inside, ["maximize"] * len(inside[0]))] if inside else []


def _covered(gains: Gains, points: Sequence[Gains]) -> bool:
    """Whether the gains add no volume to the points."""
    return min(gains) <= 0 or any(all(a >= b for a, b in zip(p, gains, strict=True)) for p in points)
