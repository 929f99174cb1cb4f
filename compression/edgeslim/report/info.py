"""What a study says, as plain data: nothing here draws or makes sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import Bounds, TrialResult

"""Code of the error of a trial that its study had no time for."""


def like_original(trial: TrialResult) -> bool:
    """Whether the paired interval of the loss spans zero: no difference shown on these images."""
    bounds = trial.bounds("paired_ci95")
    return bounds is not None and bounds[0] <= 0.0 <= bounds[1]


def noisy(study: StudyResult) -> tuple[int, ...]:
    """The trials whose latency ratio is too uncertain to be relied on."""
    return tuple(trial.number for trial in study.trials if trial.latency and trial.latency.noisy)


def proposed(study: StudyResult) -> list[TrialResult]:
    """The trials that the study's search has proposed, in its last run: like the time it states."""
    first = 0 if study.search is None else study.search.first
    return [trial for trial in study.trials if trial.proposed and trial.number >= first]


SURELY = 0.015
"""What a recommended file surely does not lose: share of 1 of the headline."""


def worth_it(study: StudyResult, loss: float = SURELY) -> int | None:
    """What saves most, in download and time together, and surely loses less than `loss` (share of 1) of the headline.

    'Surely': the paired 95 % interval stays above it. Saved is the product of both ratios to the original, of files that
    were timed; where none was, size alone counts. Without a sure one it is of the study's front. None if no measured file
    is smaller than the original.
    """
    original = study.original
    most = original.sizes.download if original is not None and original.sizes is not None else float("inf")
    others = [
        trial
        for trial in study.trials
        if trial.measured and trial.number != study.baseline and trial.sizes and trial.sizes.download < most
    ]
    sure = [t for t in others if (bounds := t.bounds("paired_ci95")) is not None and bounds[0] >= -loss]
    front = study.front
    pool = sure or [trial for trial in others if trial.number in front]
    pool = [trial for trial in pool if trial.latency] or pool
    left = {
        trial.number: trial.sizes.download * (trial.latency.ratio if trial.latency else 1.0)
        for trial in pool
        if trial.sizes is not None
    }
    return min(left, key=lambda number: left[number]) if left else None


@dataclass(frozen=True, slots=True)
class Headline:
    """One trial against the original, as the first screen says it."""

    number: int
    smaller: float
    """Download of the original divided by this one's."""
    faster: float | None
    """Time of the original divided by this one's; None while not timed."""
    same_speed: bool
    """No difference in time was shown, or it is too small to be said in one decimal."""
    change: float | None
    """Difference of the primary metric (share of 1), with its paired interval."""
    interval: Bounds | None
    like_original: bool


def headline(study: StudyResult, number: int) -> Headline | None:
    """The headline of one trial, or None if it or the original has not been measured."""
    trial, original = study.trial(number), study.original
    if trial is None or original is None or original.sizes is None or trial.sizes is None:
        return None
    ratio = FIGURES.get("latency_ratio").value(trial, original)
    shown = trial.latency is not None and not trial.latency.same_speed
    return Headline(
        number,
        original.sizes.download / trial.sizes.download,
        1.0 / ratio if ratio else None,
        not shown or ratio is None or round(max(ratio, 1.0 / ratio), 1) == 1.0,
        FIGURES.get("paired_delta").value(trial, original),
        trial.bounds("paired_ci95"),
        like_original(trial),
    )


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: the original's score, this trial's, and the difference (shares of 1)."""

    label: str
    original: float
    value: float

    @property
    def change(self) -> float:
        return self.value - self.original


def class_info(study: StudyResult, number: int, limit: int = 12) -> tuple[ClassRow, ...]:
    """The classes whose score changed most against the original, the worst loss first; at most `limit`."""
    before, after = (_by_class(trial) for trial in (study.original, study.trial(number)))
    rows = [ClassRow(label, before[label], after[label]) for label in before if label in after]
    strongest = sorted(rows, key=lambda row: abs(row.change), reverse=True)[:limit]
    return tuple(sorted(strongest, key=lambda row: row.change))


def _by_class(trial: TrialResult | None) -> dict[str, float]:
    scores = (trial.accuracy or {}).get("by_class") or {} if trial else {}
    return {label: float(score) for label, score in scores.items() if score is not None and score == score}


def counts(study: StudyResult) -> dict[str, int]:
    """How many trials are in each state that occurs; those that only wait to be timed are 'measured'."""
    return dict(Counter("measured" if _is_untimed(trial) else trial.state for trial in study.trials))


def _is_untimed(trial: TrialResult) -> bool:
    return trial.state == "running" and trial.sizes is not None and trial.latency is None


def unchanged(trial: TrialResult, effects: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What the recipe's steps do not change: 'size' (neither file nor download), 'file', 'latency', 'memory'.

    `effects` maps a step's name to what it changes, as the steps themselves declare it.
    """
    changed = {effect for step in trial.recipe.steps for effect in effects.get(step["step"], ())}
    size = "file" if "download" in changed else "size"
    kept = (size if "file" not in changed else "", *({"latency", "memory"} - changed))
    return tuple(sorted(filter(None, kept)))
