"""How figures are read from a trial (studies.figures)."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.studies.trial import Bounds, TrialResult

Original = TrialResult | None
"""The study's baseline, None where it is not measured."""
Read = Callable[[TrialResult, Original], float | None]


def loss(trial: TrialResult, original: Original) -> float | None:
    """How much of the primary metric is lost against the original (negative: gained), paired where that is known."""
    if (change := trial.figure("paired_delta")) is not None:
        return -change
    if original is None or original.objective is None or trial.objective is None:
        return None
    return original.objective - trial.objective


def loss_bounds(trial: TrialResult) -> Bounds | None:
    found = trial.bounds("paired_ci95")
    return None if found is None else (-found[1], -found[0])


def headline_bounds(name: str) -> Callable[[TrialResult], Bounds | None]:
    """Of accuracy only the primary metric has an interval."""
    return lambda trial: trial.bounds("ci95") if trial.primary_metric == name else None


def ram(trial: TrialResult, original: Original) -> float | None:
    """What a runtime holds that reads its whole file: the file, and what the graph needs at its widest."""
    activations = (trial.memory or {}).get("peak_activation")
    return None if trial.sizes is None or activations is None else trial.sizes.file + activations


def size(name: str) -> Read:
    return lambda trial, _: None if trial.sizes is None else getattr(trial.sizes, name)


def named(name: str) -> Read:
    """A figure of accuracy or fidelity under the name that its task gives it."""
    return lambda trial, _: trial.figure(name)
