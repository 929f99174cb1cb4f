"""What follows from a study's measurements: how much its front covers, where that bends, what to choose."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from edgeslim.errors import StudyError
from edgeslim.studies.choice import Budget, choose
from edgeslim.studies.hypervolume import Gains, hypervolume, knee
from edgeslim.studies.objectives import ReferencePoint, reference_point, values_of
from edgeslim.studies.study import StudyResult, TrialResult


def findings(study: StudyResult) -> dict[str, Any]:
    """hypervolume ({value, reference: by objective}), knee (a trial's number) and, with a budget, the choice.

    Only trials inside the budget count. The volume is measured in gains on the reference (studies.objectives):
    halvings of costs, times quality, where 1 is from half the original's to the original's. None where the
    original is not measured, or nothing gains on it.
    """
    budget = Budget(**study.budget)
    choice = choose(study, budget)
    told: dict[str, Any] = {
        "hypervolume": None,
        "knee": None,
        "choice": choice.to_json() if study.budget else None,
    }
    scale = scale_of(study)
    if scale is None:
        return told
    measured = gains_of(study, scale, choice.rejected)
    points = [gains for _, gains in measured]
    bend = knee(points)
    return {
        **told,
        "hypervolume": {"value": round(hypervolume(points), 6), "reference": dict(scale.reference)},
        "knee": None if bend is None else measured[bend][0].number,
    }


def scale_of(study: StudyResult) -> ReferencePoint | None:
    """What the study's gains are measured with; None where the original lacks one of the figures."""
    original = next((trial for trial in study.trials if trial.number == study.baseline), None)
    if original is None or original.objective is None:
        return None
    try:
        return reference_point(original, study.objectives, Budget(**study.budget))
    except StudyError:  # the search says so too, as its end
        return None


def gains_of(
    study: StudyResult, scale: ReferencePoint, rejected: Container[int]
) -> list[tuple[TrialResult, Gains]]:
    """All measured trials that are not `rejected`, with their gains."""
    return [
        (trial, gains)
        for trial in study.trials
        if trial.state in ("complete", "running") and trial.number not in rejected
        if (gains := scale.gains(values_of(trial))) is not None
    ]
