"""Trials that differ by their seed alone: one recipe, and how far its results scatter."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from edgeslim.studies.figures import Figure
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the seeds of one recipe, as stored. At least two seeds were measured."""

    numbers: tuple[int, ...]
    """The trials, by rising seed; the first one's title names the recipe."""
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)

    @property
    def bounds(self) -> tuple[float, float]:
        return min(self.values), max(self.values)

    @property
    def middle(self) -> int:
        """The number of the trial nearest to the mean, of equally near ones the first."""
        mean = self.mean
        return min(zip(self.numbers, self.values, strict=True), key=lambda one: abs(one[1] - mean))[0]


def by_recipe(trials: Iterable[TrialResult]) -> list[list[TrialResult]]:
    """The trials, those with equal steps together by rising seed, in the order of their first ones."""
    groups: dict[str, list[TrialResult]] = {}
    for trial in trials:
        groups.setdefault(json.dumps(trial.recipe.steps, sort_keys=True), []).append(trial)
    return [sorted(group, key=lambda trial: trial.recipe.seed) for group in groups.values()]


def spreads(study: StudyResult, figure: Figure) -> tuple[Spread, ...]:
    """The spread of a figure for every recipe of which several seeds were measured."""
    found = []
    for group in by_recipe(study.trials):
        values = [(trial.number, figure.value(trial, study.original)) for trial in group]
        known = [(number, value) for number, value in values if value is not None]
        if len(known) > 1:
            found.append(Spread(tuple(n for n, _ in known), tuple(v for _, v in known)))
    return tuple(found)
