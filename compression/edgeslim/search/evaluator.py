"""The value of measurements to a search: gains, missed limits, and the prediction for two changes combined."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from edgeslim.search.halving import Standing
from edgeslim.studies.budget import Budget, excesses
from edgeslim.studies.figures import FIGURES, objective_values
from edgeslim.studies.hypervolume import Gains
from edgeslim.studies.reference_point import original_values, reference_point
from edgeslim.studies.trial import TrialResult

Values = Mapping[str, float]
"""Figures by name, as studies.figures names them."""


class ObjectiveEvaluator:
    """Evaluates files against the `original`, which must be measured. Raises StudyError (objective_not_measured)."""

    def __init__(self, original: TrialResult, objectives: Sequence[str], budget: Budget) -> None:
        self.objectives = tuple(objectives)
        self._original: Values = original_values(original)
        self._budget = budget
        self._yardstick = reference_point(original, objectives, budget)
        self.needs_latency = "latency_ratio" in objectives or budget.limit("latency_ratio") is not None

    def values(self, trial: TrialResult) -> Values:
        """A trial's figures; accuracy is the original's on all images plus the paired change on the images scored."""
        values = objective_values(trial)
        change = trial.figure("paired_delta")
        return values if change is None else {**values, "accuracy": self._original["accuracy"] + change}

    def gains(self, values: Values) -> Gains:
        """The gain in every objective, all of which must be measured."""
        gains = self._yardstick.gains(values)
        assert gains is not None, "everything was measured"
        return gains

    def misses(self, values: Values) -> dict[str, float]:
        """By how much limits are missed (above 0). A value beyond the reference point adds no volume, and counts as
        missed.
        """
        gains = zip(self.objectives, self.gains(values), strict=True)
        beyond = {f"reference {name}": -gain for name, gain in gains}
        return {**excesses(values, self._budget, self._original["accuracy"]), **beyond}

    def cost_miss(self, values: Values) -> float:
        """Sum of the excesses over limits on costs."""
        misses = excesses(values, self._budget, self._original["accuracy"])
        return sum(max(0.0, amount) for name, amount in misses.items() if FIGURES.get(name).cost)

    def within(self, values: Values) -> bool:
        """Whether all limits are kept."""
        return all(amount <= 0 for amount in self.misses(values).values())

    def raised(self, values: Values) -> Gains:
        """The gains before recovery, when quality may still rise: 1 is added to the gain of every quality."""
        gains = zip(self.objectives, self.gains(values), strict=True)
        return tuple(gain + (not FIGURES.get(name).cost) for name, gain in gains)

    def standing(self, values: Values) -> Standing:
        """The standing on a cheap rung, where limits on quality are ignored."""
        return Standing(self.raised(values), self.cost_miss(values))

    def together(self, one: Values, other: Values) -> Values:
        """Predicted figures of two changes combined: costs multiply, losses of quality add up."""
        known = [name for name in self._original if name in one and name in other]
        return {
            name: one[name] * other[name] / max(self._original[name], 1e-9)
            if FIGURES.get(name).cost
            else one[name] + other[name] - self._original[name]
            for name in known
        }

    def halfway(self, one: Values, other: Values) -> Values:
        """Predicted figures halfway between two: the geometric mean of costs, the mean of qualities."""
        return {
            name: math.sqrt(one[name] * other[name])
            if FIGURES.get(name).cost
            else (one[name] + other[name]) / 2
            for name in self._original
            if name in one and name in other
        }
