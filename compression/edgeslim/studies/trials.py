"""Conversion between Optuna's trials and ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any, cast

from edgeslim.artifacts.store import Store
from edgeslim.records import ProgressRecord, RecipeRecord, encoded
from edgeslim.studies.budget import Budget, misses
from edgeslim.studies.study import StudyPlan, StudyResult, StudyState
from edgeslim.studies.trial import TrialResult, TrialState

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial


_FACTS = ("images", "environment", "warnings", "groups", "concluded")
"""What is kept of a whole study as its JSON has it."""


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """A recipe of a study. `replaces` is the number of the failed or pruned trial that this one tries again.

    Of a recipe that a search has `proposed`, `point` holds its place in the space (values by name, with
    Optuna's distributions for them), and `rungs` what was measured cheaply before.
    """

    recipe: RecipeRecord
    title: str
    fingerprint: str
    replaces: int | None = None
    proposed: bool = False
    point: Mapping[str, Any] = field(default_factory=dict)
    distributions: Mapping[str, BaseDistribution] = field(default_factory=dict)
    rungs: Sequence[Mapping[str, Any]] = ()

    def attributes(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            "recipe": self.recipe.to_json(),
            "title": self.title,
            "fingerprint": self.fingerprint,
        }
        if self.replaces is not None:
            values["replaces"] = self.replaces
        if self.proposed:
            values["proposed"] = True
        return values | {rung_key(index): dict(rung) for index, rung in enumerate(self.rungs)}


def template(trial: PlannedTrial) -> FrozenTrial:
    """A waiting trial."""
    from optuna.trial import TrialState as State
    from optuna.trial import create_trial

    return create_trial(
        state=State.WAITING,
        params=dict(trial.point),
        distributions=dict(trial.distributions),
        user_attrs=trial.attributes(),
        system_attrs={"fixed_params": {}},
    )


def rung_key(index: int) -> str:
    """The attribute that holds what was measured on a rung."""
    return f"rung {index}"


def _rungs(known: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = takewhile(lambda key: key in known, map(rung_key, count()))
    return [known[key] for key in keys]


def trial_result(
    store: Store,
    plan: StudyPlan,
    facts: Mapping[str, Any],
    trial: FrozenTrial,
    study: StudyState,
    progress: ProgressRecord | None,
) -> TrialResult:
    """What is stored of a trial; `facts` are the study's, `study` and `progress` its process's."""
    known = trial.user_attrs
    measured: dict[str, Any] = dict(known.get("result", {}))
    if "sha256" in measured:
        measured["file"] = str(store.path(measured["sha256"]))
    latencies = known.get("latencies", {})
    return TrialResult.from_json(
        {
            "model": plan.model_name,
            "primary_metric": facts.get("primary_metric"),
            **measured,
            "runtimes": {
                name: {**figures, "latency": latencies.get(name)}
                for name, figures in measured.get("runtimes", {}).items()
            },
            "number": trial.number,
            "state": _state(trial, study, progress),
            "recipe": known["recipe"],
            "title": known["title"],
            "recipe_fingerprint": known["fingerprint"],
            "latency": known.get("latency"),
            "error": known.get("error"),
            "progress": encoded(progress) if study == "running" else None,
            "proposed": known.get("proposed", False),
            "rungs": _rungs(known),
        }
    ).as_it_is()


def study_result(
    store: Store,
    name: str,
    facts: Mapping[str, Any],
    frozen: Sequence[FrozenTrial],
    state: StudyState,
    progress: Mapping[int, ProgressRecord],
) -> StudyResult:
    """What is stored of a study: `facts` about the whole, and Optuna's trials.

    Raises msgspec.ValidationError or KeyError where that is not what it should be.
    """
    plan = StudyPlan.from_json(facts["plan"])
    replaced = {trial.user_attrs.get("replaces") for trial in frozen}
    trials = tuple(
        trial_result(store, plan, facts, trial, state, progress.get(trial.number))
        for trial in frozen
        if trial.number not in replaced
    )
    baseline = next((trial for trial in trials if not trial.recipe.steps), None)
    return replace(
        StudyResult.from_json(
            {
                **{key: facts[key] for key in _FACTS if facts.get(key) is not None},
                "held_out": facts.get("held_out") or facts.get("to_hold_out"),
                "search": facts.get("search"),
                "name": name,
                "state": state,
                "model": plan.model_name,
                "dataset": facts.get("dataset", plan.dataset_name),
                "preset": plan.preset,
                "created": plan.created,
                "baseline": None if baseline is None else baseline.number,
                "trials": (),
                "objectives": plan.objectives,
                "budget": plan.budget.limits,
            }
        ),
        trials=_within(trials, plan.budget, baseline),
    )


def _within(
    trials: tuple[TrialResult, ...], budget: Budget, baseline: TrialResult | None
) -> tuple[TrialResult, ...]:
    """The trials, those that are complete with the limits that they miss."""
    if not budget:
        return trials
    return tuple(
        replace(trial, missed=misses(trial, budget, baseline)) if trial.state == "complete" else trial
        for trial in trials
    )


def _state(trial: FrozenTrial, study: StudyState, progress: ProgressRecord | None) -> TrialState:
    from optuna.trial import TrialState as State

    if trial.state == State.COMPLETE:
        return "complete"
    if trial.state == State.FAIL:
        return cast(TrialState, trial.user_attrs.get("outcome", "failed"))
    if trial.state == State.PRUNED:
        return "pruned"
    if study == "running":
        # Between its rungs a proposal waits for whether it deserves more.
        between = progress is None and rung_key(0) in trial.user_attrs and "result" not in trial.user_attrs
        return "running" if trial.state == State.RUNNING and not between else "waiting"
    return "cancelled" if study == "cancelled" else "waiting"
