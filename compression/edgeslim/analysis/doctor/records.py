"""What the doctor found, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edgeslim.analysis.results import PairedChange
from edgeslim.records import RecipeRecord

Verdict = Literal["found", "cleared", "not_checked"]
Value = float | int | str
Evidence = dict[str, Value]
ENOUGH = 0.2
"""Share of the loss that comes back without a cause, from which on it is named."""
LEAST = 0.0005
"""Losses that are told: 0.05 points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """What to do about a cause.

    A `recipe` to run in the cause's place, a `threshold` to read the file at, the study's own calibration images, or
    something in the model's specification.
    """

    kind: Literal["recipe", "threshold", "calibration", "spec"]
    recipe: RecipeRecord | None = None
    threshold: float | None = None
    values: Mapping[str, Value]
    """What changes, for the sentence that says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A cause and whether it is one.

    `back` is what the headline measure gains when this cause alone is removed, on the same images; of a cause that acts
    `elsewhere` (on another processor) what the file loses there.
    """

    cause: str
    verdict: Verdict
    reason: str = ""
    """Why it was not checked, or which sentence tells it best."""
    evidence: Mapping[str, Value]
    back: PairedChange | None = None
    share: float | None = None
    """Of the loss, what comes back."""
    elsewhere: bool = False
    mend: Mend | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was checked on `images` images, and what was found, the likeliest cause first.

    `metric` is the headline measure; where nothing is known of the images, agreement with the original.
    """

    metric: str
    images: int
    original: float
    file: float
    loss: PairedChange
    """File − original, on the same images."""
    findings: tuple[Finding, ...]

    @property
    def found(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.verdict == "found")

    @property
    def cleared(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.verdict == "cleared")

    @property
    def not_checked(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.verdict == "not_checked")

    @property
    def lost(self) -> bool:
        """Whether a loss was shown."""
        return surely_lost(self.loss)


def surely_lost(loss: PairedChange) -> bool:
    """Whether the interval lies below zero, and does not round to it."""
    return loss.ci95 is not None and loss.ci95[1] <= -LEAST
