"""Optuna's trials and ours: what is written for a recipe, and what is read of a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any, cast

from edgeslim.artifacts.store import Store
from edgeslim.runtime.figures import RuntimeFigures
from edgeslim.studies.study import StudyPlan, StudyState, TrialResult, TrialState

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """A recipe of a study. `replaces` is the number of the failed or pruned trial that this one tries again.

    Of a recipe that a search has `proposed`, `point` holds its place in the space (values by name, with
    Optuna's distributions for them), and `rungs` what was measured cheaply before.
    """

    recipe: dict[str, Any]
    title: str
    fingerprint: str
    replaces: int | None = None
    proposed: bool = False
    point: Mapping[str, Any] = field(default_factory=dict)
    distributions: Mapping[str, BaseDistribution] = field(default_factory=dict)
    rungs: Sequence[Mapping[str, Any]] = ()

    def attributes(self) -> dict[str, Any]:
        values: dict[str, Any] = {"recipe": self.recipe, "title": self.title, "fingerprint": self.fingerprint}
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
    progress: Mapping[str, Any] | None,
) -> TrialResult:
    """What is stored of a trial; `facts` are the study's, `study` and `progress` its process's."""
    known = trial.user_attrs
    measured: dict[str, Any] = dict(known.get("result", {}))
    if "sha256" in measured:
        measured["file"] = str(store.path(measured["sha256"]))
    latencies = known.get("latencies", {})
    return TrialResult(
        **{
            "model": plan.model_name,
            "primary_metric": facts.get("primary_metric"),
            **measured,
            "runtimes": {
                name: RuntimeFigures.from_json({**figures, "latency": latencies.get(name)})
                for name, figures in measured.get("runtimes", {}).items()
            },
            "number": trial.number,
            "state": _state(trial, study, progress),
            "recipe": known["recipe"],
            "title": known["title"],
            "recipe_fingerprint": known["fingerprint"],
            "latency": known.get("latency"),
            "error": known.get("error"),
            "progress": progress if study == "running" else None,
            "proposed": known.get("proposed", False),
            "rungs": _rungs(known),
        }
    )


def _state(trial: FrozenTrial, study: StudyState, progress: Mapping[str, Any] | None) -> TrialState:
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
