"""Trials whose further steps gain nothing: a shorter recipe of the study gives as much."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

_SAME = 5e-4
"""Difference of the headline measure that is none: half of what is written."""
_FASTER = 0.95
"""Ratio of two latencies from which one is faster."""


def pointless(study: StudyResult) -> dict[int, int]:
    """Number of a trial → that of the one that `as_good` gives."""
    known = _by_steps(study)
    found = {trial.number: _as_good(known, trial) for trial in study.trials}
    return {number: other.number for number, other in found.items() if other is not None}


def as_good(study: StudyResult, trial: TrialResult) -> TrialResult | None:
    """The trial with the fewest of this one's steps that is as accurate, not larger and not slower; None if none is."""
    return _as_good(_by_steps(study), trial)


def _as_good(known: Mapping[str, Sequence[TrialResult]], trial: TrialResult) -> TrialResult | None:
    steps = trial.recipe.steps
    if not _is_measured(trial):
        return None
    for count in range(1, len(steps)):
        for part in combinations(steps, count):
            for other in known.get(_key(part, trial.recipe.seed), ()):
                if _no_better(trial, other):
                    return other
    return None


def _by_steps(study: StudyResult) -> dict[str, list[TrialResult]]:
    """The measured trials by their steps and seed."""
    known: dict[str, list[TrialResult]] = {}
    for trial in filter(_is_measured, study.trials):
        known.setdefault(_key(trial.recipe.steps, trial.recipe.seed), []).append(trial)
    return known


def _key(steps: Sequence[Mapping[str, Any]], seed: int) -> str:
    return json.dumps([seed, *steps], sort_keys=True)


def _is_measured(trial: TrialResult) -> bool:
    return trial.measured and trial.objective is not None


def pointless_lines(study: StudyResult) -> str:
    """A line for each in a terminal; nothing where all steps gain something."""
    return "".join(
        f"{number}: gains nothing over {other}, which has fewer steps: no more accurate, smaller or faster\n"
        for number, other in pointless(study).items()
    )


def _no_better(trial: TrialResult, other: TrialResult) -> bool:
    assert trial.sizes and other.sizes and trial.objective is not None and other.objective is not None
    faster = (
        trial.latency is not None
        and other.latency is not None
        and trial.latency.ratio < _FASTER * other.latency.ratio
    )
    smaller = trial.sizes.download < other.sizes.download or trial.sizes.file < other.sizes.file
    return trial.objective <= other.objective + _SAME and not smaller and not faster
