"""Trials and studies as storage would tell them, with what a test says of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult


def recipe(number: int, seed: int = 0) -> dict[str, Any]:
    """A recipe of its own for every number; 0: the original's."""
    return {"name": "", "seed": seed, "steps": [{"step": "act", "change": number}] if number else []}


def made_trial(number: int, download: int, **known: Any) -> TrialResult:
    """A complete one, if nothing else is said."""
    usual: dict[str, Any] = {
        "state": "complete",
        "recipe": recipe(number),
        "title": str(number),
        "recipe_fingerprint": str(number),
        "model": "m",
        "sizes": {"download": download, "file": download},
    }
    return TrialResult(number=number, **{**usual, **known})


def made_study(trials: Iterable[TrialResult], **known: Any) -> StudyResult:
    """A complete one whose first trial is the baseline, if nothing else is said."""
    usual: dict[str, Any] = {
        "name": "s",
        "state": "complete",
        "model": "m",
        "dataset": "d",
        "preset": None,
        "created": "",
        "baseline": 0,
    }
    return StudyResult(trials=tuple(trials), **{**usual, **known})
