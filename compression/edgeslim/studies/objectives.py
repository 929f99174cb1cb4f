"""What a study weighs against each other, and how much a file gains on the original in it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeslim.errors import StudyError
from edgeslim.studies.pareto import Direction

if TYPE_CHECKING:
    from edgeslim.studies.choice import Budget
    from edgeslim.studies.study import TrialResult

QUALITIES = ("accuracy", "agreement")
COSTS = ("download", "file", "macs", "latency", "memory")
DEFAULT = ("accuracy", "download")
LEAST_SHARE = 0.5
"""A file with less than this share of the original's accuracy is worth nothing …"""
LEAST_DECIBELS, ALL_DECIBELS = 6.0, 60.0
"""… or, where nothing but raw outputs can be compared, under so many decibels; more than 60 dB is no gain."""


def check_objectives(names: Sequence[str]) -> tuple[str, ...]:
    """The objectives, checked: different ones, a quality and a cost among them. Raises StudyError (objectives)."""
    known = (*QUALITIES, *COSTS)
    unknown = next((name for name in names if name not in known), None)
    both = set(names) & set(QUALITIES) and set(names) & set(COSTS)
    if unknown is not None or not both or len(set(names)) < len(names):
        raise StudyError(
            "objectives",
            f"'{', '.join(names)}' cannot be the objectives of a search.",
            f"Give at least one of {', '.join(QUALITIES)} and one of {', '.join(COSTS)}, each once.",
            given=", ".join(names),
            qualities=", ".join(QUALITIES),
            costs=", ".join(COSTS),
        )
    return tuple(names)


def direction(name: str) -> Direction:
    return "maximize" if name in QUALITIES else "minimize"


def value_of(trial: TrialResult, name: str) -> float | None:
    """A trial's figure, None where it has not been measured: 'accuracy' is the headline measure, whatever it is."""
    where: Mapping[str, Any] | None
    if name == "accuracy":
        return trial.objective
    if name == "macs":
        return trial.macs
    where, key = {
        "agreement": (trial.fidelity, "agreement"),
        "download": (trial.sizes, "download"),
        "file": (trial.sizes, "file"),
        "latency": (trial.latency, "ratio"),
        "memory": (trial.memory, "peak_activation"),
    }[name]
    return None if not where or where.get(key) is None else float(where[key])


def values_of(trial: TrialResult) -> dict[str, float]:
    """All figures that were measured."""
    found = {name: value_of(trial, name) for name in (*QUALITIES, *COSTS)}
    return {name: value for name, value in found.items() if value is not None}


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
        if name in COSTS:
            return math.log2(self.reference[name] / max(value, 1e-9))
        if self.decibels and name == "accuracy":
            value = min(value, ALL_DECIBELS)
        return (value - self.reference[name]) / self.scale[name]


def reference_point(baseline: TrialResult, objectives: Sequence[str], budget: Budget) -> ReferencePoint:
    """The reference_point of a study whose baseline is measured. Raises StudyError (objective_not_measured)."""
    original = {**values_of(baseline), "latency": 1.0}
    decibels = baseline.primary_metric == "sqnr_db"
    reference, scale = {}, {}
    for name in objectives:
        if name not in original:
            raise _not_measured(name)
        if name in COSTS:
            limit = getattr(budget, "latency_ratio" if name == "latency" else name)
            reference[name] = original[name] if limit is None else min(original[name], float(limit))
            continue
        least, best = LEAST_SHARE * original[name], original[name]
        if decibels and name == "accuracy":
            least, best = LEAST_DECIBELS, ALL_DECIBELS
        reference[name] = max(least, budget.least(name, original[name]))
        scale[name] = max(best - least, 1e-9)
    return ReferencePoint(reference, scale, decibels)


def _not_measured(name: str) -> StudyError:
    return StudyError(
        "objective_not_measured",
        f"'{name}' cannot be measured here.",
        "Choose another objective: 'accuracy' always can, and is the output error where nothing else is known.",
        objective=name,
    )
