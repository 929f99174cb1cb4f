"""What a report is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeslim.report.findings import recommended
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import Choice, choose
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.texts import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """`budget` are the limits that a file is chosen under, empty without any."""

    language: Language = "en"
    budget: Budget = field(default_factory=Budget)
    trial: int | None = None
    """The trial to tell about; None: the one to take."""
    short: bool = False
    """One page."""
    own_timing: bool = False
    """With the study's own latencies, though it was timed on this machine too."""


def choice_of(study: StudyResult, settings: ReportSettings) -> Choice | None:
    """The choice under the limits; None without any."""
    return choose(study, settings.budget) if settings.budget else None


def pick_of(study: StudyResult, settings: ReportSettings) -> int | None:
    """The trial to take."""
    choice = choice_of(study, settings)
    return recommended(study) if choice is None else choice.pick


def trial_of(study: StudyResult, settings: ReportSettings) -> TrialResult | None:
    """The measured trial that the report tells about."""
    number = pick_of(study, settings) if settings.trial is None else settings.trial
    trial = study.trial(number)
    return trial if trial is not None and trial.measured else None
