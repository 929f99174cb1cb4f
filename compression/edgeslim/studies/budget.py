"""Limits on figures, and by how much a file misses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from edgeslim.errors import StudyError
from edgeslim.runtime import MAIN
from edgeslim.studies.figures import FIGURES, Figure, limits
from edgeslim.studies.trial import TrialResult

ROUNDING = 1e-9
"""0.65 - 0.60 is a little more than 0.05 in floating point; it is not more than a limit of 0.05."""
NOT_MEASURED = "not_measured"


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits by figure (those of `figures.limits`), all inclusive, in the figure's stored unit: sizes and peak
    activations in bytes, accuracy, loss and agreement as fractions (0.01 is one point), `latency_ratio` against the
    original (0.8 is 20 % less time). A cost is limited from above, a quality from below.
    """

    limits: Mapping[str, float] = field(default_factory=dict)

    @staticmethod
    def of(**given: float | None) -> Budget:
        """A budget of the limits that are not None, in the table's order. Raises StudyError (unknown_limit)."""
        runtimes = dict.fromkeys(limit_figure(name).runtime for name in given)
        named = (each.name for each in limits(runtimes))
        return Budget({name: limit for name in named if (limit := given.get(name)) is not None})

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return iter(self.limits.items())

    def __bool__(self) -> bool:
        return bool(self.limits)

    def limit(self, name: str) -> float | None:
        return self.limits.get(name)

    def least(self, quality: str, original: float) -> float:
        """The least 'accuracy' or other quality that is allowed, given the original's; 0 without a limit."""
        least, loss = self.limits.get(quality, 0.0), self.limits.get("loss")
        return max(least, original - loss) if quality == "accuracy" and loss is not None else least


def limit_figure(name: str) -> Figure:
    """The figure that a budget limits by that name, '<figure>.<runtime>' too. Raises StudyError (unknown_limit)."""
    if name not in FIGURES or not FIGURES.get(name).limit:
        known = [figure.name for figure in limits()]
        raise StudyError("unknown_limit", name=name, choices=", ".join(known))
    return FIGURES.get(name)


def check_limits(budget: Budget, runtimes: Sequence[str]) -> None:
    """Raise StudyError (limit_runtime) where the budget limits a figure in a runtime that is not among these."""
    for name, _ in budget:
        runtime = FIGURES.get(name).runtime
        if runtime != MAIN and runtime not in runtimes:
            raise StudyError("limit_runtime", name=name, runtime=runtime)


def reason(name: str) -> str:
    """The code for a limit that is missed: 'over_download', 'under_accuracy'."""
    return f"{'over' if FIGURES.get(name).cost else 'under'}_{name}"


def misses(trial: TrialResult, budget: Budget, original: TrialResult | None) -> tuple[str, ...]:
    """Why the trial is outside of the budget, as codes (`reason`, or 'not_measured'); empty if it is inside."""
    if trial.objective is None or trial.sizes is None:
        return (NOT_MEASURED,)
    found = []
    for name, limit in budget:
        figure = FIGURES.get(name)
        value = figure.value(trial, original)
        if value is None:
            found.append(reason(name) if name == "loss" else NOT_MEASURED)
        elif figure.excess(value, limit) > ROUNDING:
            found.append(reason(name))
    return tuple(dict.fromkeys(found))


def limited_elsewhere(trial: TrialResult, budget: Budget) -> dict[str, float]:
    """The figures in other runtimes that the budget limits, as far as they are known, by name."""
    figures = [figure for name, _ in budget if (figure := FIGURES.get(name)).runtime != MAIN]
    return {each.name: value for each in figures if (value := each.value(trial)) is not None}


def excesses(values: Mapping[str, float], budget: Budget, original: float | None) -> dict[str, float]:
    """By how much values (objectives, and `limited_elsewhere`) miss each limit (above 0), as far as they are known.

    `original` is the original's accuracy.
    """
    known = dict(values)
    if "accuracy" in values and original is not None:
        known["loss"] = original - values["accuracy"]
    return {name: FIGURES.get(name).excess(known[name], limit) for name, limit in budget if name in known}
