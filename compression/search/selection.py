"""A choice under a budget: the pick, the runner-up and why, as codes that the screens put in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from compression.search.study import StudyResult, TrialResult

Reason = Literal["over_download", "over_file", "over_latency", "under_accuracy", "over_loss", "not_measured"]
Remark = Literal["loss_uncertain", "latency_noisy", "not_distinguishable"]
_ROUNDING = 1e-9
"""0.65 - 0.60 is a little more than 0.05 in floating point; it is not more than a limit of 0.05."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits, all inclusive; None is no limit. Sizes in bytes; accuracy and loss as fractions (0.01 is one
    point); `latency_ratio` against the baseline (0.8 is 20 % less time)."""

    download: int | None = None
    file: int | None = None
    loss: float | None = None
    accuracy: float | None = None
    latency_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Trial numbers, and why the others were rejected.

    `remarks` qualify the pick: 'loss_uncertain' when the interval of its paired loss crosses the limit,
    'latency_noisy', and 'not_distinguishable' when the runner-up's accuracy interval overlaps the pick's.
    """

    pick: int | None
    runner_up: int | None
    rejected: dict[int, list[Reason]]
    remarks: list[Remark] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "pick": self.pick,
            "runner_up": self.runner_up,
            "rejected": self.rejected,
            "remarks": list(self.remarks),
        }


def choose(study: StudyResult, budget: Budget) -> Choice:
    """The most accurate trial inside the budget; of equally accurate ones the smallest download.

    Point estimates decide. Failed, infeasible and cancelled trials take no part.
    """
    trials = [t for t in study.trials if t.state in ("complete", "running")]
    baseline = next((t.objective for t in study.trials if t.number == study.baseline), None)
    rejected = {t.number: reasons for t in trials if (reasons := _reasons(t, budget, baseline))}
    fitting = sorted((t for t in trials if t.number not in rejected), key=_rank)
    pick, runner_up = ([*fitting, None, None])[:2]
    return Choice(
        pick=pick.number if pick else None,
        runner_up=runner_up.number if runner_up else None,
        rejected=rejected,
        remarks=_remarks(pick, runner_up, budget) if pick else [],
    )


def _rank(trial: TrialResult) -> tuple[float, int]:
    assert trial.objective is not None
    assert trial.sizes is not None
    return -trial.objective, trial.sizes["download"]


def _reasons(trial: TrialResult, budget: Budget, baseline: float | None) -> list[Reason]:
    if trial.objective is None or trial.sizes is None:
        return ["not_measured"]
    reasons: list[Reason] = []
    if budget.download is not None and trial.sizes["download"] > budget.download:
        reasons.append("over_download")
    if budget.file is not None and trial.sizes["file"] > budget.file:
        reasons.append("over_file")
    if budget.accuracy is not None and trial.objective < budget.accuracy - _ROUNDING:
        reasons.append("under_accuracy")
    loss = _loss(trial, baseline)
    if budget.loss is not None and (loss is None or loss > budget.loss + _ROUNDING):
        reasons.append("over_loss")
    if budget.latency_ratio is not None:
        if not trial.latency:
            reasons.append("not_measured")
        elif trial.latency["ratio"] > budget.latency_ratio + _ROUNDING:
            reasons.append("over_latency")
    return reasons


def _loss(trial: TrialResult, baseline: float | None) -> float | None:
    """How much of the primary metric is lost against the baseline (negative: gained)."""
    if trial.accuracy and trial.accuracy.get("paired_delta") is not None:
        return -float(trial.accuracy["paired_delta"])
    if baseline is None or trial.objective is None:
        return None
    return baseline - trial.objective


def _remarks(pick: TrialResult, runner_up: TrialResult | None, budget: Budget) -> list[Remark]:
    remarks: list[Remark] = []
    interval: Sequence[float] | None = (pick.accuracy or {}).get("paired_ci95")
    if budget.loss is not None and interval and interval[0] < -budget.loss:
        remarks.append("loss_uncertain")
    if budget.latency_ratio is not None and pick.latency and pick.latency.get("noisy"):
        remarks.append("latency_noisy")
    if runner_up is not None and _overlap(pick, runner_up):
        remarks.append("not_distinguishable")
    return remarks


def _overlap(a: TrialResult, b: TrialResult) -> bool:
    first, second = (a.accuracy or {}).get("ci95"), (b.accuracy or {}).get("ci95")
    return bool(first and second and first[0] <= second[1] and second[0] <= first[1])
