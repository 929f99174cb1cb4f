"""Trials that differ by their seed alone: one recipe, and how far its results scatter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edgeslim.report.axes import Axis, Trial

Study = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Spread:
    """A measure over the seeds of one recipe, as stored. At least two seeds were measured."""

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


def by_recipe(trials: Iterable[Trial]) -> list[list[Trial]]:
    """The trials, those with equal steps together by rising seed, in the order of their first ones."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        steps = trial["recipe"]["steps"]
        groups.setdefault(json.dumps(steps, sort_keys=True), []).append(trial)
    return [sorted(group, key=lambda trial: int(trial["recipe"].get("seed", 0))) for group in groups.values()]


def spreads(study: Study, axis: Axis) -> tuple[Spread, ...]:
    """The spread of a measure for every recipe of which several seeds were measured."""
    found = []
    for group in by_recipe(study["trials"]):
        values = [(trial["number"], axis.value(trial, study["baseline"])) for trial in group]
        known = [(number, value) for number, value in values if value is not None]
        if len(known) > 1:
            found.append(Spread(tuple(n for n, _ in known), tuple(v for _, v in known)))
    return tuple(found)
