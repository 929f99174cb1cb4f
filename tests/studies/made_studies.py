"""Trials and studies as storage would tell them, with what a test says of them as it would be kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from edgeslim.records import encoded
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

LATENCY = {
    "median_ms": 2.0,
    "p95_ms": 3.0,
    "ratio": 1.0,
    "ratio_ci95": [0.9, 1.1],
    "rounds": 30,
    "noisy": False,
}


def recipe(number: int, seed: int = 0) -> dict[str, Any]:
    """A recipe of its own for every number; 0: the original's."""
    return {"name": "", "seed": seed, "steps": [{"step": "act", "change": number}] if number else []}


def made_trial(number: int, download: int, **known: Any) -> TrialResult:
    """A complete one, if nothing else is said; of a latency the rest is made up."""
    usual: dict[str, Any] = {
        "number": number,
        "state": "complete",
        "recipe": recipe(number),
        "title": str(number),
        "recipe_fingerprint": str(number),
        "model": "m",
        "sizes": {"download": download, "file": download},
    }
    if known.get("latency"):
        known["latency"] = {**LATENCY, **known["latency"]}
    return TrialResult.from_json({**usual, **known})


def made_study(trials: Iterable[TrialResult], **known: Any) -> StudyResult:
    """A complete one whose first trial is the baseline, if nothing else is said."""
    usual: dict[str, Any] = {
        "name": "s",
        "state": "complete",
        "model": "m",
        "dataset": "d",
        "baseline": 0,
        "trials": [],
    }
    return replace(StudyResult.from_json({**usual, **encoded(known)}), trials=tuple(trials))
