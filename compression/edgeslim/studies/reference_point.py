"""How much a file gains on the original in each objective: the reference point of the hypervolume."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeslim.errors import StudyError
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES, objective_values
from edgeslim.studies.trial import TrialResult

LEAST_SHARE = 0.5
"""A file with less than this share of the original's accuracy is worth nothing …"""
LEAST_DECIBELS, ALL_DECIBELS = 6.0, 60.0
"""… or, where only raw outputs can be compared, below this SQNR; more than 60 dB is no gain."""


@dataclass(frozen=True, slots=True)
class ReferencePoint:
    """How figures become gains, all the better the larger, 0 at the reference.

    A cost's gain is in halvings, log2(reference / cost); a quality's is its distance from the reference, where 1
    is from half the original's to the original's. The reference is half the original's quality at the
    original's costs, or the budget where that asks for more.
    """

    reference: Mapping[str, float]
    """By objective, in their order."""
    scale: Mapping[str, float]
    """Of the qualities: what counts as 1."""
    decibels: bool

    def gains(self, values: Mapping[str, float]) -> tuple[float, ...] | None:
        """The gain in every objective; None where a figure is missing."""
        if any(name not in values for name in self.reference):
            return None
        return tuple(self._gain(name, values[name]) for name in self.reference)

    def _gain(self, name: str, value: float) -> float:
        if FIGURES.get(name).cost:
            return math.log2(self.reference[name] / max(value, 1e-9))
        if self.decibels and name == "accuracy":
            value = min(value, ALL_DECIBELS)
        return (value - self.reference[name]) / self.scale[name]


def original_values(original: TrialResult) -> dict[str, float]:
    """The original's objectives; those that it has by definition are known before they are measured."""
    defined = {each.name: each.of_original for each in FIGURES if each.objective and each.cost}
    return {
        **objective_values(original),
        **{name: value for name, value in defined.items() if value is not None},
    }


def reference_point(original: TrialResult, objectives: Sequence[str], budget: Budget) -> ReferencePoint:
    """The reference point of a study whose baseline is measured. Raises StudyError (objective_not_measured)."""
    values = original_values(original)
    decibels = original.primary_metric == "sqnr_db"
    reference, scale = {}, {}
    for name in objectives:
        if name not in values:
            raise StudyError("objective_not_measured", objective=name)
        if FIGURES.get(name).cost:
            limit = budget.limit(name)
            reference[name] = values[name] if limit is None else min(values[name], float(limit))
            continue
        least, best = LEAST_SHARE * values[name], values[name]
        if decibels and name == "accuracy":
            least, best = LEAST_DECIBELS, ALL_DECIBELS
        reference[name] = max(least, budget.least(name, values[name]))
        scale[name] = max(best - least, 1e-9)
    return ReferencePoint(reference, scale, decibels)
