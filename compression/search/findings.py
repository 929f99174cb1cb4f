"""What follows from a study's measurements: how much its front covers, where that bends, what to choose."""

from __future__ import annotations

from typing import Any

from compression.errors import StudyError
from compression.search.hypervolume import hypervolume, knee
from compression.search.objectives import values_of, yardstick
from compression.search.selection import Budget, choose
from compression.search.study import StudyResult


def findings(study: StudyResult) -> dict[str, Any]:
    """hypervolume ({value, reference: by objective}), knee (a trial's number) and, with a budget, the choice.

    Only trials inside the budget count. The volume is measured in gains on the reference (search.objectives):
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
    original = next((trial for trial in study.trials if trial.number == study.baseline), None)
    if original is None or original.objective is None:
        return told
    try:
        scale = yardstick(original, study.objectives, budget)
    except StudyError:  # the search says so too, as its end
        return told
    measured = [
        (trial.number, gains)
        for trial in study.trials
        if trial.state in ("complete", "running") and trial.number not in choice.rejected
        if (gains := scale.gains(values_of(trial))) is not None
    ]
    points = [gains for _, gains in measured]
    bend = knee(points)
    return {
        **told,
        "hypervolume": {"value": round(hypervolume(points), 6), "reference": dict(scale.reference)},
        "knee": None if bend is None else measured[bend][0],
    }
