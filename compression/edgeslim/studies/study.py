"""What a study is, as plain data: a plan and its trials. Reads without torch, onnxruntime or Optuna."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from edgeslim.errors import ErrorRecord, Notice, StudyError
from edgeslim.models.base import ModelSpec
from edgeslim.records import ClassMap, decoded, encoded
from edgeslim.runtime import MAIN
from edgeslim.studies import figures
from edgeslim.studies.budget import Budget
from edgeslim.studies.figures import FIGURES
from edgeslim.studies.groups import Groups, HeldOut
from edgeslim.studies.pareto import front
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.trial import TrialResult

StudyState = Literal["waiting", "running", "complete", "cancelled", "paused", "interrupted", "failed"]
DEFAULT_OBJECTIVES = ("accuracy", "download")
_RENAMED = {"latency": "latency_ratio"}
"""Objectives of studies from before names were the same everywhere."""
FOR_TRIALS = 0.85
"""Share of a study's minutes in which files are made and scored; the rest is for timing and the conclusion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """What a study is asked to do.

    `model`, `dataset` and `calibration` are references as `open_model` and `open_dataset` take them; a plan that is
    kept has absolute paths, and a name, `model_name`, `dataset_name` and `created`, which `start_study` fills in.
    """

    model: str
    dataset: str
    calibration: str | None = None
    name: str = ""
    """Empty: made of the model, the sort of study and the day."""
    preset: str | None = None
    """The list of recipes to run; of a search, the one that it begins with."""
    spec: ModelSpec | None = None
    """Where the model does not bring one, or another is wanted."""
    classes: ClassMap = ()
    """Which classes of the dataset are which of the model's, where names do not say so."""
    limit: int | None = None
    """The first validation images only; None: all."""
    divided: bool = True
    """Whether data that declares no splits is divided into training and validation images."""
    workers: int = 0
    """Processes that compute; 0: one for each core."""
    seeds: int = 1
    """Every recipe is run with this many seeds, from its own on."""
    held_out: float | None = None
    """Share of the validation images that nothing is chosen by, and that the final candidates are scored on at the
    end; None: a quarter, of enough images; 0: none."""
    minutes: float | None = None
    """For how long recipes are made and scored, all together; those left then are out of time. None: to the end. A
    search has its own limit."""
    trial_minutes: float | None = None
    """A trial that takes longer is stopped and failed; None: jobs.limits decides, as for memory."""
    trial_memory: int | None = None
    """Bytes of resident memory."""
    objectives: tuple[str, ...] = DEFAULT_OBJECTIVES
    """What the front weighs against each other: figures that are objectives."""
    budget: Budget = field(default_factory=Budget)
    """What a file must keep to be chosen."""
    cluster: str | None = None
    """Address of the Dask scheduler whose workers do the trials; None: this machine does."""
    runtimes: tuple[str, ...] = (MAIN,)
    """In which files are scored and timed, the main one first."""
    model_name: str = ""
    dataset_name: str = ""
    created: str = ""
    """ISO 8601, UTC."""

    def to_json(self) -> dict[str, Any]:
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        kept: dict[str, Any] = encoded({**told, "budget": self.budget.limits})
        return kept

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> StudyPlan:
        """Older plans held out nothing, divided nothing, and have other names for some objectives."""
        older = {"held_out": 0.0, "divided": False, **data}
        return decoded(StudyPlan, {**older, **_with_budget(data), "objectives": read_objectives(data)})


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyResult:
    """A study and all that is known of its trials, in the order of their numbers."""

    name: str
    state: StudyState
    model: str
    dataset: str
    preset: str | None = None
    created: str = ""
    baseline: int | None
    trials: tuple[TrialResult, ...]
    images: int | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    """Processor and versions by name (runtime.environment)."""
    warnings: tuple[Notice, ...] = ()
    error: ErrorRecord | None = None
    groups: Groups | None = None
    """Which trials are not distinguishable (studies.statistics); None until the study is concluded."""
    held_out: HeldOut | None = None
    """What the front scores on images that nothing was chosen by; None where none were held out."""
    concluded: int = 0
    """How many trials were complete when groups and held-out scores were made."""
    objectives: tuple[str, ...] = DEFAULT_OBJECTIVES
    budget: Budget = field(default_factory=Budget)
    search: SearchRun | None = None
    """The last run of its search."""

    @property
    def searching(self) -> bool:
        """Whether its search is not over."""
        return self.search is not None and self.search.ended is None

    @property
    def complete(self) -> int:
        """How many trials are complete."""
        return sum(trial.state == "complete" for trial in self.trials)

    @property
    def original(self) -> TrialResult | None:
        """The baseline's trial."""
        return self.trial(self.baseline)

    def trial(self, number: int | None) -> TrialResult | None:
        """The trial of that number, or None."""
        return next((trial for trial in self.trials if trial.number == number), None)

    @property
    def front(self) -> list[int]:
        """Numbers of the trials worth choosing from by the study's objectives."""
        measured = [
            trial
            for trial in self.trials
            if trial.state not in ("failed", "infeasible") and not trial.passed_over
        ]
        weighed = [FIGURES.get(name) for name in self.objectives]
        points = [[figure.value(trial) for figure in weighed] for trial in measured]
        return [measured[index].number for index in front(points, [figure.better for figure in weighed])]

    def to_json(self) -> dict[str, Any]:
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        trials = [trial.to_json() for trial in self.trials]
        kept: dict[str, Any] = encoded({**told, "budget": self.budget.limits, "trials": trials})
        return {**kept, "front": self.front}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> StudyResult:
        """The inverse of `to_json`; the front is computed again."""
        return decoded(StudyResult, {**data, **_with_budget(data), "objectives": read_objectives(data)})


def check_objectives(names: Sequence[str]) -> tuple[str, ...]:
    """The objectives, checked: different ones, a quality and a cost among them. Raises StudyError (objectives)."""
    known = figures.objectives()
    unknown = set(names) - {each.name for each in known}
    if not unknown:
        both = {FIGURES.get(name).cost for name in names} == {True, False}
    if unknown or not both or len(set(names)) < len(names):
        qualities = ", ".join(each.name for each in known if not each.cost)
        costs = ", ".join(each.name for each in known if each.cost)
        raise StudyError("objectives", given=", ".join(names), qualities=qualities, costs=costs)
    return tuple(names)


def read_objectives(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Objectives as kept, by their names of today."""
    return tuple(_RENAMED.get(name, name) for name in data.get("objectives", DEFAULT_OBJECTIVES))


def _with_budget(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"budget": {"limits": data.get("budget") or {}}}
