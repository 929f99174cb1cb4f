"""What follows from a study's measurements: how much its front covers, where that bends, what to choose."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from edgeslim.errors import StudyError
from edgeslim.studies.choice import Choice, choose
from edgeslim.studies.figures import objective_values
from edgeslim.studies.hypervolume import Gains, hypervolume, knee
from edgeslim.studies.reference_point import ReferencePoint, reference_point
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


@dataclass(frozen=True, slots=True)
class Hypervolume:
    """Measured in gains on the reference (studies.reference_point): halvings of costs, times quality."""

    value: float
    reference: Mapping[str, float]
    """By objective."""


@dataclass(frozen=True, slots=True)
class FrontSummary:
    """None: where the original is not measured, or nothing gains on it; `choice`: without a budget."""

    hypervolume: Hypervolume | None
    knee: int | None
    """A trial's number."""
    choice: Choice | None


def front_summary(study: StudyResult) -> FrontSummary:
    """The front's volume and knee, and with a budget the choice; only trials inside the budget count."""
    choice = choose(study, study.budget)
    told = choice if study.budget else None
    scale = scale_of(study)
    if scale is None:
        return FrontSummary(None, None, told)
    measured = gains_of(study, scale, choice.rejected)
    points = [gains for _, gains in measured]
    bend = knee(points)
    volume = Hypervolume(round(hypervolume(points), 6), dict(scale.reference))
    return FrontSummary(volume, None if bend is None else measured[bend][0].number, told)


def scale_of(study: StudyResult) -> ReferencePoint | None:
    """What the study's gains are measured with; None where the original lacks one of the figures."""
    original = study.original
    if original is None or original.objective is None:
        return None
    try:
        return reference_point(original, study.objectives, study.budget)
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
        if (gains := scale.gains(objective_values(trial))) is not None
    ]
