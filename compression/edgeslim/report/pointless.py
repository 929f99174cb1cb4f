"""Trials whose further steps gain nothing: a shorter recipe of the study gives as much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

_SAME = 5e-4
"""Difference of the headline measure that is none: half of what is written."""
_FASTER = 0.95
"""Ratio of two latencies from which one is faster."""


def pointless(study: StudyResult) -> dict[int, int]:
    """Number of a trial → that of the one that `as_good` gives."""
    found = {trial.number: as_good(study, trial) for trial in study.trials}
    return {number: other.number for number, other in found.items() if other is not None}


def as_good(study: StudyResult, trial: TrialResult) -> TrialResult | None:
    """The trial with the fewest of this one's steps that is as accurate, not larger and not slower; None if none is."""
    if not _is_measured(trial):
        return None
    shorter = [
        other
        for other in study.trials
        if _is_measured(other)
        and other.recipe.seed == trial.recipe.seed
        and _is_part(other.recipe.steps, trial.recipe.steps)
        and _no_better(trial, other)
    ]
    return min(shorter, key=lambda other: len(other.recipe.steps), default=None)


def _is_measured(trial: TrialResult) -> bool:
    return trial.measured and trial.objective is not None


def pointless_lines(study: StudyResult) -> str:
    """A line for each in a terminal; nothing where all steps gain something."""
    return "".join(
        f"{number}: gains nothing over {other}, which has fewer steps: no more accurate, smaller or faster\n"
        for number, other in pointless(study).items()
    )


def _is_part(steps: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the steps are some of the others, in their order; the original's are not counted."""
    rest = iter(others)
    return 0 < len(steps) < len(others) and all(any(step == other for other in rest) for step in steps)


def _no_better(trial: TrialResult, other: TrialResult) -> bool:
    assert trial.sizes and other.sizes and trial.objective is not None and other.objective is not None
    faster = (
        trial.latency is not None
        and other.latency is not None
        and trial.latency.ratio < _FASTER * other.latency.ratio
    )
    smaller = trial.sizes.download < other.sizes.download or trial.sizes.file < other.sizes.file
    return trial.objective <= other.objective + _SAME and not smaller and not faster
