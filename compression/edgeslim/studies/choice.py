"""A choice under a budget: the pick, the runner-up and why, as codes that the screens put in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from edgeslim.studies.objectives import values_of
from edgeslim.studies.study import StudyResult, TrialResult

Reason = Literal[
    "over_download", "over_file", "over_loss", "under_accuracy", "over_latency", "over_memory", "over_macs",
    "under_agreement", "not_measured",
]  # fmt: skip
Remark = Literal["loss_uncertain", "latency_noisy", "not_distinguishable"]
_ROUNDING = 1e-9
"""0.65 - 0.60 is a little more than 0.05 in floating point; it is not more than a limit of 0.05."""
_REASONS: dict[str, Reason] = {
    "download": "over_download", "file": "over_file", "loss": "over_loss", "accuracy": "under_accuracy",
    "latency_ratio": "over_latency", "memory": "over_memory", "macs": "over_macs", "agreement": "under_agreement",
}  # fmt: skip
"""By limit. Limits on accuracy come after those on what a file costs: the cheap is told first."""
QUALITY_LIMITS = ("loss", "accuracy", "agreement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits, all inclusive; None is no limit. Sizes and peak activations in bytes; accuracy, loss (against the
    original, paired) and agreement as fractions (0.01 is one point); `latency_ratio` against the original (0.8
    is 20 % less time)."""

    download: int | None = None
    file: int | None = None
    loss: float | None = None
    accuracy: float | None = None
    latency_ratio: float | None = None
    memory: int | None = None
    macs: int | None = None
    agreement: float | None = None

    def to_json(self) -> dict[str, float]:
        """The limits that there are."""
        limits = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def least(self, quality: str, original: float) -> float:
        """The least 'accuracy' or 'agreement' that is allowed, given the original's; 0 without a limit."""
        if quality == "agreement":
            return self.agreement or 0.0
        return max(self.accuracy or 0.0, 0.0 if self.loss is None else original - self.loss)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Trial numbers, and why the others were rejected.

    `why` says for the screens what speaks for the pick, as [{code, values}]: 'most_accurate' of so many
    ('only_one' if none else fits), every limit with the pick's figure ('keeps_limit'), and what the runner-up
    lacks ('runner_up': how much less accurate, how many bytes more).

    `remarks` qualify the pick: 'loss_uncertain' when the interval of its paired loss crosses the limit,
    'latency_noisy', and 'not_distinguishable' when the runner-up's accuracy interval overlaps the pick's.
    """

    pick: int | None
    runner_up: int | None
    rejected: dict[int, list[Reason]]
    remarks: list[Remark] = field(default_factory=list)
    why: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "pick": self.pick,
            "runner_up": self.runner_up,
            "rejected": self.rejected,
            "remarks": list(self.remarks),
            "why": list(self.why),
        }


def choose(study: StudyResult, budget: Budget) -> Choice:
    """The most accurate trial inside the budget; of equally accurate ones the smallest download.

    Point estimates decide. Failed, infeasible, pruned and cancelled trials take no part.
    """
    trials = [t for t in study.trials if t.state in ("complete", "running")]
    baseline = next((t.objective for t in study.trials if t.number == study.baseline), None)
    rejected = {t.number: reasons for t in trials if (reasons := misses(t, budget, baseline))}
    fitting = sorted((t for t in trials if t.number not in rejected), key=_rank)
    pick, runner_up = ([*fitting, None, None])[:2]
    return Choice(
        pick=pick.number if pick else None,
        runner_up=runner_up.number if runner_up else None,
        rejected=rejected,
        remarks=_remarks(pick, runner_up, budget) if pick else [],
        why=_why(pick, runner_up, len(fitting), budget, baseline) if pick else [],
    )


def misses(trial: TrialResult, budget: Budget, baseline: float | None) -> list[Reason]:
    """Why the trial is outside of the budget; empty if it is inside. `baseline` is the original's accuracy."""
    if trial.objective is None or trial.sizes is None:
        return ["not_measured"]
    figures = _figures(trial, baseline)
    reasons: list[Reason] = []
    for name, limit in budget.to_json().items():
        value = figures.get(name)
        if value is None:
            reasons.append("over_loss" if name == "loss" else "not_measured")
        elif excess(name, value, limit) > _ROUNDING:
            reasons.append(_REASONS[name])
    return list(dict.fromkeys(reasons))


def excesses(values: Mapping[str, float], budget: Budget, original: float | None) -> dict[str, float]:
    """By how much figures (studies.objectives) miss each limit (above 0), as far as they are known.

    `original` is the original's accuracy.
    """
    known = dict(values)
    if "latency" in values:
        known["latency_ratio"] = values["latency"]
    if "accuracy" in values and original is not None:
        known["loss"] = original - values["accuracy"]
    return {
        name: excess(name, known[name], limit) for name, limit in budget.to_json().items() if name in known
    }


def excess(name: str, value: float, limit: float) -> float:
    """By how much a figure misses a limit: above 0 it does. Costs relative to the limit, fractions as they are."""
    if name == "loss":
        return value - limit
    return limit - value if name in QUALITY_LIMITS else value / limit - 1.0


def _figures(trial: TrialResult, baseline: float | None) -> dict[str, float | None]:
    """A trial's figures by the names of the limits."""
    values = values_of(trial)
    figures: dict[str, float | None] = {**values, "latency_ratio": values.get("latency")}
    return {**figures, "loss": _loss(trial, baseline)}


def _rank(trial: TrialResult) -> tuple[float, int]:
    assert trial.objective is not None
    assert trial.sizes is not None
    return -trial.objective, trial.sizes["download"]


def _why(
    pick: TrialResult, runner_up: TrialResult | None, count: int, budget: Budget, baseline: float | None
) -> list[dict[str, Any]]:
    figures = _figures(pick, baseline)
    first = {"code": "only_one" if runner_up is None else "most_accurate", "values": {"count": count}}
    why: list[dict[str, Any]] = [first]
    why += [
        {"code": "keeps_limit", "values": {"limit": name, "most": limit, "value": figures[name]}}
        for name, limit in budget.to_json().items()
    ]
    if runner_up is not None:
        assert pick.objective is not None and pick.sizes is not None
        assert runner_up.objective is not None and runner_up.sizes is not None
        behind = {
            "accuracy": runner_up.objective - pick.objective,
            "download": runner_up.sizes["download"] - pick.sizes["download"],
        }
        why.append({"code": "runner_up", "values": behind})
    return why


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
