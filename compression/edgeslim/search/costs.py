"""Predicted time of a recipe, from the time its steps took before: nothing is started that cannot end in time."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.recipe import Recipe
from edgeslim.search.space import recovery_steps
from edgeslim.steps import Step


class Costs:
    """Mean seconds of every step (per training step, where it trains) and of scoring."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}
        self._made: set[str] = set()
        """Fingerprints of recipe prefixes that are in the store."""

    def learn(self, recipe: Recipe, stages: Sequence[float], seconds: float) -> None:
        """Learn from a recipe that took `seconds` in all, and each of its `stages` the seconds given."""
        for index, (step, stage) in enumerate(zip(recipe.steps, stages, strict=False)):
            prefix = recipe.prefix(index + 1).fingerprint()
            if prefix not in self._made:
                self._made.add(prefix)
                self._add(step.name, stage / _units(step))
        self._add("", max(0.0, seconds - sum(stages)))

    def seconds(self, recipe: Recipe) -> float:
        """The recipe's predicted time; a step that was never seen counts as zero."""
        made = (recipe.prefix(index + 1).fingerprint() in self._made for index in range(len(recipe.steps)))
        steps = (step for step, there in zip(recipe.steps, made, strict=True) if not there)
        return self._mean("") + sum(self._mean(step.name) * _units(step) for step in steps)

    def _add(self, name: str, seconds: float) -> None:
        total, count = self._sums.get(name, (0.0, 0))
        self._sums[name] = total + seconds, count + 1

    def _mean(self, name: str) -> float:
        total, count = self._sums.get(name, (0.0, 0))
        return total / count if count else 0.0


def _units(step: Step) -> int:
    return max(1, recovery_steps(step))
