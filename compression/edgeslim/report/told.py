"""What all sections of a report are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim.report.pareto import ParetoInfo
from edgeslim.report.settings import ReportSettings
from edgeslim.report.study_words import StudyWords
from edgeslim.studies.choice import Choice
from edgeslim.studies.notes import TrialNotes
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What every section of a report is about; the study's trials are titled in the report's language."""

    study: StudyResult
    settings: ReportSettings
    words: StudyWords
    choice: Choice | None
    pick: int | None
    trial: TrialResult | None
    """The one told about; None where nothing was measured, or no file fits."""
    info: ParetoInfo
    notes: Mapping[int, TrialNotes]
