"""Files that do not belong to the study that is looked at, made comparable with its own."""

from __future__ import annotations

from dataclasses import dataclass

from edgeslim.models.base import ModelSpec
from edgeslim.studies.trial import TrialResult

NUMBER = -1
"""Of what is no trial of the study."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFile(TrialResult):
    """A trial of another study, or a model's own file: which model reads it, and by which specification."""

    reference: str
    spec: ModelSpec | None
