"""Recipes from an Optuna sampler that works in memory: the study's journal is the record."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgeslim.recipe import Recipe
from edgeslim.search.space import Space
from edgeslim.studies.search_run import LEARNING, SamplerName

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

POPULATION = 10
_MUTATIONS = 3.0
"""Mean number of mutated choices of a child; most inherited choices are inactive."""
_DRAWS, _LEARNED_DRAWS = 200, 20
"""Known recipes in a row after which nothing is left to propose, and after which the sampler is given up for a random
one.
"""


class Proposals:
    """Proposes recipes, none twice, beginning with `seeds`; learns from gains (studies.reference_point)."""

    def __init__(
        self,
        space: Space,
        sampler: SamplerName,
        objectives: int,
        seed: int,
        seeds: Sequence[Recipe] = (),
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space, self._name = space, sampler
        self._seeds, self._known = deque(seeds), set[str]()
        self._grid = space.grid(seed) if sampler == "grid" else None
        self._asked: dict[str, Trial | None] = {}
        """Proposals without a result yet; None for recipes that have no place in the space."""
        self._sampler, self._chance = _sampler(space, sampler, seed), _sampler(space, "random", seed)
        self._study = optuna.create_study(directions=["maximize"] * objectives)

    def next(self) -> Recipe | None:
        """A recipe that was not proposed before; None if none is left."""
        while self._seeds:
            recipe = self._seeds.popleft()
            if recipe.fingerprint() not in self._known:
                return self._remember(recipe, self._placed(recipe))
        for point in self._grid or ():
            found = self._space.recipe(point)
            if found is not None and found.fingerprint() not in self._known:
                return self._remember(found, None)
        for draw in range(_DRAWS if self._grid is None and self._space.slots else 0):
            trial = self._ask(by_chance=draw >= _LEARNED_DRAWS)
            found = self._space.recipe(trial.params)
            if found is not None and found.fingerprint() not in self._known:
                return self._remember(found, trial)
            self._drop(trial)
        return None

    def tell(self, recipe: Recipe, gains: Sequence[float] | None, misses: Mapping[str, float]) -> bool:
        """Learn the result of a proposal: its gains (None if it failed), and by how much it misses limits (above 0).
        A second result of a proposal is ignored; returns whether it was taken.
        """
        if recipe.fingerprint() not in self._asked:
            return False
        trial = self._asked.pop(recipe.fingerprint())
        if trial is None:
            return True
        if gains is None:
            self._drop(trial)
            return True
        for name, amount in misses.items():
            trial.set_constraint(name, amount)
        self._study.tell(trial, list(gains))
        return True

    def claim(self, recipe: Recipe) -> None:
        """Count a recipe as proposed: it was tried before this search began."""
        self._remember(recipe, self._placed(recipe))

    def _remember(self, recipe: Recipe, trial: Trial | None) -> Recipe:
        fingerprint = recipe.fingerprint()
        self._known.add(fingerprint)
        self._asked[fingerprint] = trial
        return recipe

    def _placed(self, recipe: Recipe) -> Trial | None:
        """A trial at the recipe's point in the space, if it has one."""
        point = self._space.point(recipe)
        if point is None or self._grid is not None:
            return None
        self._study.enqueue_trial(dict(point))
        return self._ask()

    def _ask(self, by_chance: bool = False) -> Trial:
        self._study.sampler = self._chance if by_chance and self._name in LEARNING else self._sampler
        if self._name == "nsga2":
            # Children inherit only what all parents have, so every individual also has the inactive choices.
            return self._study.ask(fixed_distributions=self._space.flat())
        trial = self._study.ask()
        self._space.suggest(trial)
        return trial

    def _drop(self, trial: Trial) -> None:
        from optuna.trial import TrialState

        self._study.tell(trial, state=TrialState.FAIL)


def _sampler(space: Space, name: SamplerName, seed: int) -> BaseSampler:
    from optuna import samplers

    if name == "nsga2":
        mutation = min(1.0, _MUTATIONS / max(1, len(space.flat())))
        return samplers.NSGAIISampler(population_size=POPULATION, mutation_prob=mutation, seed=seed)
    if name == "tpe":
        return samplers.TPESampler(n_startup_trials=POPULATION, constant_liar=True, seed=seed)
    return samplers.RandomSampler(seed=seed)
