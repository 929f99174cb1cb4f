"""What a study is, as plain data: a plan and its trials. Reads without torch, onnxruntime or Optuna."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from compression.search.pareto import front

TrialState = Literal["waiting", "running", "complete", "failed", "infeasible", "cancelled"]
StudyState = Literal["waiting", "running", "complete", "cancelled", "interrupted", "failed"]


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

    def to_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> StudyPlan:
        return StudyPlan(**data)


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

    @property
    def objective(self) -> float | None:
        """The primary metric's value: accuracy where there are labels, else fidelity to the original."""
        if self.primary_metric is None:
            return None
        for figures in (self.accuracy, self.fidelity):
            if figures and figures.get(self.primary_metric) is not None:
                return float(figures[self.primary_metric])
        return None

    def to_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> TrialResult:
        return TrialResult(**data)


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

    @property
    def front(self) -> list[int]:
        """Numbers of the trials worth choosing from: the primary metric against the download size."""
        measured = [trial for trial in self.trials if trial.state not in ("failed", "infeasible")]
        points = [(trial.objective, (trial.sizes or {}).get("download")) for trial in measured]
        return [measured[index].number for index in front(points, ["maximize", "minimize"])]

    def to_json(self) -> dict[str, Any]:
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**data, "trials": [trial.to_json() for trial in self.trials], "front": self.front}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> StudyResult:
        """The inverse of `to_json`; the front is computed again."""
        known = {field.name for field in dataclasses.fields(StudyResult)}
        trials = tuple(TrialResult.from_json(trial) for trial in data["trials"])
        return StudyResult(**{key: data[key] for key in known & set(data)} | {"trials": trials})
