"""What a study is, as plain data: a plan and its trials. Reads without torch, onnxruntime or Optuna."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from edgeslim.errors import Notice
from edgeslim.metrics.gap import entropy_gap
from edgeslim.runtime import MAIN
from edgeslim.runtime.figures import RuntimeFigures
from edgeslim.studies import objectives
from edgeslim.studies.pareto import front

TrialState = Literal["waiting", "running", "complete", "failed", "infeasible", "pruned", "cancelled"]
"""'infeasible': the network cannot be made so. 'pruned': a search has dropped it after cheap measurements, or in time."""
StudyState = Literal["waiting", "running", "complete", "cancelled", "paused", "interrupted", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """What a study was asked to do; its recipes are its trials.

    `model`, `dataset` and `calibration` are references as `open_model` and `open_dataset` take them, with
    absolute paths. `workers` 0 means all cores, `limit` None all images.
    """

    name: str
    model: str
    model_name: str
    dataset: str
    dataset_name: str
    created: str
    """ISO 8601, UTC."""
    calibration: str | None = None
    spec: dict[str, Any] | None = None
    preset: str | None = None
    limit: int | None = None
    workers: int = 0
    held_out: float | None = 0.0
    """Share of the validation images kept from choosing; None: a sensible one. Older plans held out none."""
    trial_minutes: float | None = None
    """A trial that takes longer is stopped and failed; None: jobs.limits decides, as for memory."""
    trial_memory: int | None = None
    """Bytes of resident memory."""
    objectives: tuple[str, ...] = objectives.DEFAULT
    """What the front weighs against each other (studies.objectives)."""
    budget: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Limits by name (studies.choice.Budget)."""
    cluster: str | None = None
    """Address of the Dask scheduler whose workers do the trials; None: this machine does."""
    runtimes: tuple[str, ...] = (MAIN,)
    """In which files are scored and timed, the main one first."""

    def to_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> StudyPlan:
        lists = {"objectives": objectives.DEFAULT, "runtimes": (MAIN,)}
        return StudyPlan(**{**data, **{key: tuple(data.get(key, usual)) for key, usual in lists.items()}})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """One recipe's trial. Measurements are None until made; fractions are 0–1, sizes in bytes."""

    number: int
    state: TrialState
    recipe: dict[str, Any]
    title: str
    recipe_fingerprint: str
    model: str
    file: str | None = None
    sha256: str | None = None
    stages: Sequence[Mapping[str, Any]] = ()
    sizes: Mapping[str, int] | None = None
    params: int | None = None
    nonzero: int | None = None
    macs: int | None = None
    memory: Mapping[str, int] | None = None
    accuracy: Mapping[str, Any] | None = None
    fidelity: Mapping[str, Any] | None = None
    latency: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    progress: Mapping[str, Any] | None = None
    seconds: float | None = None
    environment: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    primary_metric: str | None = None
    resamples: str | None = None
    """Where the store keeps the primary metric's resamples over images (metrics.resamples)."""
    missed: Sequence[str] = ()
    """The limits of the study's budget that it does not keep, as reasons of studies.choice."""
    proposed: bool = False
    """By a search."""
    found_after: float | None = None
    """Seconds that the search had taken when it was measured."""
    rungs: Sequence[Mapping[str, Any]] = ()
    """What a search measured cheaply before: share of the recovery, images, figures. No measurements of the file."""
    runtimes: Mapping[str, RuntimeFigures] = dataclasses.field(default_factory=dict)
    """Figures in other runtimes than the main one, whose are the trial's own. See `in_runtime`."""

    def in_runtime(self, name: str) -> RuntimeFigures | None:
        """The figures in any runtime, the main one too; None where the trial was not measured in it."""
        if name != MAIN or self.sha256 is None:
            return self.runtimes.get(name)
        sizes = self.sizes or {}
        return RuntimeFigures(
            version=self.environment.get(MAIN, ""),
            format="onnx",
            suffix=".onnx",
            sha256=self.sha256,
            bytes=sizes.get("file"),
            download=sizes.get("download"),
            accuracy=self.accuracy,
            fidelity=self.fidelity,
            latency=self.latency,
            resamples=self.resamples,
        )

    @property
    def delivered(self) -> dict[str, str]:
        """SHA-256 of the delivered file by runtime, the main one first, where it could be delivered and runs."""
        own = {} if self.sha256 is None else {MAIN: self.sha256}
        return own | {name: each.sha256 for name, each in self.runtimes.items() if each.sha256 is not None}

    def with_latencies(self, latencies: Mapping[str, Mapping[str, Any]]) -> TrialResult:
        """The trial with latencies by runtime."""
        timed = {name: replace(each, latency=latencies.get(name)) for name, each in self.runtimes.items()}
        return replace(self, latency=latencies[MAIN], runtimes=timed)

    @property
    def objective(self) -> float | None:
        """The primary metric's value: accuracy where there are labels, else fidelity to the original."""
        if self.primary_metric is None:
            return None
        for figures in (self.accuracy, self.fidelity):
            if figures and figures.get(self.primary_metric) is not None:
                return float(figures[self.primary_metric])
        return None

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What to know before the file is used."""
        decibels = (self.fidelity or {}).get("plain_sqnr_db")
        if decibels is None:
            return ()
        return (
            Notice(
                "plain_session_differs",
                f"A plain onnxruntime session gives other outputs for this file where it was scored ({decibels:.0f} dB): "
                "sums of int8 products saturate there. Open it with session.x64quantprecision set to 1, as it was here.",
                decibels=round(decibels, 1),
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """All fields, and the derived `entropy_gap`."""
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        runtimes = {name: figures.to_json() for name, figures in self.runtimes.items()}
        return {**data, "runtimes": runtimes, "entropy_gap": entropy_gap(self.sizes)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> TrialResult:
        kept = {key: value for key, value in data.items() if key not in ("entropy_gap", "runtimes")}
        runtimes = data.get("runtimes", {}).items()
        return TrialResult(**kept, runtimes={name: RuntimeFigures.from_json(each) for name, each in runtimes})


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyResult:
    """A study and all that is known of its trials, in the order of their numbers."""

    name: str
    state: StudyState
    model: str
    dataset: str
    preset: str | None
    created: str
    baseline: int | None
    trials: tuple[TrialResult, ...]
    images: int | None = None
    environment: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    warnings: Sequence[str] = ()
    error: Mapping[str, Any] | None = None
    groups: Mapping[str, Any] | None = None
    """Which trials cannot be told apart (studies.statistics), once that is known."""
    held_out: Mapping[str, Any] | None = None
    """What the front scores on images that nobody chose by (studies.held_out); None where none were held out."""
    concluded: int = 0
    """How many trials were complete when groups and held-out scores were made."""
    objectives: Sequence[str] = objectives.DEFAULT
    budget: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    search: Mapping[str, Any] | None = None
    """The last search_run of searching (search.search_run)."""

    @property
    def searching(self) -> bool:
        """Whether its search is not over."""
        return self.search is not None and self.search["ended"] is None

    @property
    def complete(self) -> int:
        """How many trials are complete."""
        return sum(trial.state == "complete" for trial in self.trials)

    @property
    def front(self) -> list[int]:
        """Numbers of the trials worth choosing from by the study's objectives."""
        measured = [trial for trial in self.trials if trial.state not in ("failed", "infeasible", "pruned")]
        points = [[objectives.value_of(trial, name) for name in self.objectives] for trial in measured]
        best = front(points, [objectives.direction(name) for name in self.objectives])
        return [measured[index].number for index in best]

    def to_json(self) -> dict[str, Any]:
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**data, "trials": [trial.to_json() for trial in self.trials], "front": self.front}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> StudyResult:
        """The inverse of `to_json`; the front is computed again."""
        known = {field.name for field in dataclasses.fields(StudyResult)}
        trials = tuple(TrialResult.from_json(trial) for trial in data["trials"])
        return StudyResult(**{key: data[key] for key in known & set(data)} | {"trials": trials})
