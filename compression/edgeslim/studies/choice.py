"""A choice under a budget: the pick, the runner-up and why, as codes that the screens put in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgeslim.studies.budget import Budget, misses
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

Remark = Literal["loss_uncertain", "latency_noisy", "not_distinguishable"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a pick: a code, and the values in its text."""

    code: str
    values: Mapping[str, float | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Trial numbers, and why the others were rejected (codes of `budget.misses`).

    `why` says what speaks for the pick: 'most_accurate' or 'smallest' of so many ('only_one' if none else fits), every
    limit with the pick's figure ('keeps_limit'), and what the runner-up lacks ('runner_up': how much less accurate, how
    many bytes more).

    `remarks` qualify the pick: 'loss_uncertain' when the interval of its paired loss crosses the limit,
    'latency_noisy', and 'not_distinguishable' when the runner-up's accuracy interval overlaps the pick's, or, of the pick
    and the original, when the interval of the paired difference spans zero.
    """

    pick: int | None
    runner_up: int | None
    rejected: Mapping[int, tuple[str, ...]]
    remarks: tuple[Remark, ...] = ()
    why: tuple[Reason, ...] = field(default=())


def choose(study: StudyResult, budget: Budget) -> Choice:
    """The most accurate trial inside the budget; of equally accurate ones the smallest download.

    Under limits of quality alone ("loses at most a point") the smallest download: nothing else was asked to be saved.

    Point estimates decide. Failed, infeasible, pruned and cancelled trials take no part.
    """
    trials = [t for t in study.trials if t.state in ("complete", "running")]
    original = study.original
    rejected = {t.number: reasons for t in trials if (reasons := misses(t, budget, original))}
    by_size = _asks_quality_alone(budget)
    fitting = sorted((t for t in trials if t.number not in rejected), key=_by_size if by_size else _rank)
    pick, runner_up = ([*fitting, None, None])[:2]
    return Choice(
        pick=pick.number if pick else None,
        runner_up=runner_up.number if runner_up else None,
        rejected=rejected,
        remarks=_remarks(pick, runner_up, budget, original) if pick else (),
        why=_why(pick, runner_up, len(fitting), budget, original, by_size) if pick else (),
    )


def _rank(trial: TrialResult) -> tuple[float, int]:
    assert trial.objective is not None and trial.sizes is not None
    return -trial.objective, trial.sizes.download


def _by_size(trial: TrialResult) -> tuple[int, float]:
    objective, download = _rank(trial)
    return download, objective


def _asks_quality_alone(budget: Budget) -> bool:
    """Whether there are limits, and none of a size, a time or a ratio."""
    kinds = [FIGURES.get(name) for name, _ in budget]
    return bool(kinds) and not any(figure.cost and figure.kind.relative for figure in kinds)


def _why(
    pick: TrialResult,
    runner_up: TrialResult | None,
    count: int,
    budget: Budget,
    original: TrialResult | None,
    by_size: bool,
) -> tuple[Reason, ...]:
    code = "only_one" if runner_up is None else "smallest" if by_size else "most_accurate"
    why = [Reason(code, {"count": count})]
    for name, limit in budget:
        value = FIGURES.get(name).value(pick, original)
        why.append(Reason("keeps_limit", {"limit": name, "most": limit, "value": value}))
    if runner_up is not None:
        assert pick.objective is not None and pick.sizes is not None
        assert runner_up.objective is not None and runner_up.sizes is not None
        behind = {
            "accuracy": runner_up.objective - pick.objective,
            "download": runner_up.sizes.download - pick.sizes.download,
        }
        why.append(Reason("runner_up", behind))
    return tuple(why)


def _remarks(
    pick: TrialResult, runner_up: TrialResult | None, budget: Budget, original: TrialResult | None
) -> tuple[Remark, ...]:
    remarks: list[Remark] = []
    loss, interval = budget.limit("loss"), pick.bounds("paired_ci95")
    if loss is not None and interval and interval[0] < -loss:
        remarks.append("loss_uncertain")
    if budget.limit("latency_ratio") is not None and pick.latency and pick.latency.noisy:
        remarks.append("latency_noisy")
    if runner_up is not None and _alike(pick, runner_up, original):
        remarks.append("not_distinguishable")
    return tuple(remarks)


def _alike(pick: TrialResult, runner_up: TrialResult, original: TrialResult | None) -> bool:
    other = {pick.number: runner_up, runner_up.number: pick}.get(original.number) if original else None
    paired = other.bounds("paired_ci95") if other else None
    return paired[0] <= 0.0 <= paired[1] if paired else _overlap(pick, runner_up)


def _overlap(a: TrialResult, b: TrialResult) -> bool:
    first, second = a.bounds("ci95"), b.bounds("ci95")
    return bool(first and second and first[0] <= second[1] and second[0] <= first[1])
