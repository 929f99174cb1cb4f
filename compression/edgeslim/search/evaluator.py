"""What measurements are worth to a search: gains, missed limits, and what two changes would come to together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from edgeslim.search.halving import Standing
from edgeslim.studies.choice import QUALITY_LIMITS, Budget, excesses
from edgeslim.studies.hypervolume import Gains
from edgeslim.studies.objectives import QUALITIES, reference_point, values_of
from edgeslim.studies.study import TrialResult

Values = Mapping[str, float]
"""Figures by name, as studies.objectives names them."""


class ObjectiveEvaluator:
    """Judges files against the `original`, which must be measured. Raises StudyError (objective_not_measured)."""

    def __init__(self, original: TrialResult, objectives: Sequence[str], budget: Budget) -> None:
        self.objectives = tuple(objectives)
        self._original: Values = {**values_of(original), "latency": 1.0}
        self._budget = budget
        self._yardstick = reference_point(original, objectives, budget)
        self.needs_latency = "latency" in objectives or budget.latency_ratio is not None

    def values(self, trial: TrialResult) -> Values:
        """A trial's figures; accuracy as the original's on all images, changed by what was lost on those looked at."""
        values = values_of(trial)
        change = (trial.accuracy or {}).get("paired_delta")
        return values if change is None else {**values, "accuracy": self._original["accuracy"] + change}

    def gains(self, values: Values) -> Gains:
        """The gain in every objective, all of which must be there."""
        gains = self._yardstick.gains(values)
        assert gains is not None, "everything was measured"
        return gains

    def misses(self, values: Values) -> dict[str, float]:
        """By how much limits are missed (above 0). What lies beyond the reference adds nothing, and misses too."""
        gains = zip(self.objectives, self.gains(values), strict=True)
        beyond = {f"reference {name}": -gain for name, gain in gains}
        return {**excesses(values, self._budget, self._original["accuracy"]), **beyond}

    def cost_miss(self, values: Values) -> float:
        """By how much limits on costs are missed in all."""
        misses = excesses(values, self._budget, self._original["accuracy"])
        return sum(max(0.0, amount) for name, amount in misses.items() if name not in QUALITY_LIMITS)

    def within(self, values: Values) -> bool:
        """Whether all limits are kept."""
        return all(amount <= 0 for amount in self.misses(values).values())

    def raised(self, values: Values) -> Gains:
        """The gains before recovery, when a quality may yet rise: it counts from as far below the reference as the
        original is above."""
        gains = zip(self.objectives, self.gains(values), strict=True)
        return tuple(gain + (name in QUALITIES) for name, gain in gains)

    def standing(self, values: Values) -> Standing:
        """The standing on a cheap rung, where limits on quality are not looked at."""
        return Standing(self.raised(values), self.cost_miss(values))

    def together(self, one: Values, other: Values) -> Values:
        """What two changes of the original would come to: costs multiply, losses of quality add up."""
        known = [name for name in self._original if name in one and name in other]
        return {
            name: one[name] + other[name] - self._original[name]
            if name in QUALITIES
            else one[name] * other[name] / max(self._original[name], 1e-9)
            for name in known
        }

    def halfway(self, one: Values, other: Values) -> Values:
        """What is expected halfway between two: of costs the geometric mean, of qualities the mean."""
        return {
            name: (one[name] + other[name]) / 2 if name in QUALITIES else math.sqrt(one[name] * other[name])
            for name in self._original
            if name in one and name in other
        }
