"""What a study has found, as the title of its page."""

from __future__ import annotations

from edgeslim.report import findings
from edgeslim.studies.choice import Choice
from edgeslim.studies.study import StudyResult
from edgeslim.ui import data
from edgeslim.ui.components.words import words


def recommended(study: StudyResult) -> int | None:
    """The file to take where no limit is set (report.findings)."""
    return data.once(findings.recommended, study)


def finding(study: StudyResult, choice: Choice | None) -> str:
    """'6.5× smaller at −0.4 points of mAP', as Markdown (report.findings)."""
    return findings.finding(study, choice, words())
