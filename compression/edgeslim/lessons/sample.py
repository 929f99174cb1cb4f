"""The study that comes with the product, as lessons read it: real files with all their figures."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.models.catalogue import SAMPLES

if TYPE_CHECKING:
    from edgeslim.studies.study import StudyResult
    from edgeslim.studies.trial import TrialResult

STUDY = "sample-study"
"""What an experiment on the study's files names among its `uses`."""
_FOLDER = SAMPLES / "study"


@cache
def sample_study() -> StudyResult:
    from edgeslim.studies.study import StudyResult

    return StudyResult.from_json(json.loads((_FOLDER / "study.json").read_bytes()))


@cache
def study_content() -> str:
    """Equal for equal files and equal images: timings may differ."""
    from edgeslim.studies.timing import content_of

    study = sample_study()
    return f"{content_of(study)} {study.images}"


def trial_of(title: str) -> TrialResult:
    """The trial of that title, which the study is known to have."""
    return next(trial for trial in sample_study().trials if trial.title == title)


def file_of(title: str) -> Path:
    """Its file, of those that are published."""
    name = trial_of(title).file
    assert name is not None, f"the file of '{title}' is not published"
    return _FOLDER / name
