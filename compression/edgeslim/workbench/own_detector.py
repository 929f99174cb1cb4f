"""Train a detector of one's own, from labelled pictures to a model of the library; or watch how that goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import TrainDetector
from edgeslim.measurement.trainings import (
    EPOCHS,
    NOTHING,
    PATIENCE,
    SIDE,
    STREET_SIGNS,
    DetectorPlan,
    DetectorSize,
    TrainingRun,
    ask_to_stop,
    read_run,
    read_runs,
)
from edgeslim.progress import Progress, silent
from edgeslim.workbench.datasets import dataset_title, resolve_dataset

if TYPE_CHECKING:
    from edgeslim.models.library import ModelEntry

__all__ = [
    "EPOCHS",
    "NOTHING",
    "PATIENCE",
    "SIDE",
    "STREET_SIGNS",
    "DetectorPlan",
    "DetectorSize",
    "TrainingRun",
    "adaptable_models",
    "begin_training",
    "stop_training",
    "train_detector",
    "training_plan",
    "training_run",
    "training_runs",
    "training_status",
]


def training_plan(
    dataset: str | Path,
    name: str,
    *,
    size: DetectorSize = "medium",
    start: str = STREET_SIGNS,
    epochs: int = EPOCHS,
    patience: int = PATIENCE,
    side: int = SIDE,
    seed: int = 0,
    store: Store | None = None,
) -> DetectorPlan:
    """A detector of the dataset's classes, to be listed in the library under `name`.

    It is ours of that size, with `side` the longer side of its input in pixels, begun with the street-sign model's
    weights or with nothing; or, where `start` is a model, that one with its class layers rebuilt. It ends early after
    `patience` epochs that were no better. Raises DatasetError.
    """
    store = store or Store()
    return DetectorPlan(
        dataset=resolve_dataset(dataset, store),
        dataset_name=dataset_title(dataset, store),
        name=name,
        start=start,
        size=size,
        side=side,
        epochs=epochs,
        patience=patience,
        seed=seed,
    )


def train_detector(
    plan: DetectorPlan, store: Store | None = None, *, threads: int = 1, progress: Progress = silent
) -> TrainingRun:
    """Train it here and now; a run that was broken off goes on. Raises DatasetError, RecipeError, ModelError."""
    from edgeslim.measurement import own_detector

    visitors.refuse_in_demo("import")
    return own_detector.train_detector(plan, store or Store(), threads=threads, progress=progress)


def begin_training(plan: DetectorPlan, store: Store | None = None) -> None:
    """Begin to train it in a process of its own; see `training_status`, `training_run`.

    Raises AccessError, ModelError where the name is taken, StoreError.
    """
    from edgeslim.models.catalogue import check_name
    from edgeslim.models.library import check_free

    visitors.refuse_in_demo("import")
    visitors.require_machine()
    store = store or Store()
    check_free(check_name(plan.name), store)
    errand.begin(store, TrainDetector(plan=plan))


def stop_training(key: str, store: Store | None = None) -> None:
    """Let the run end after its present step: the model of its best epoch is listed. Raises AccessError, StoreError."""
    visitors.require_machine()
    ask_to_stop(store or Store(), key)


def training_status(key: str, store: Store | None = None) -> ErrandStatus | None:
    """How far the run's process is; None if it was not begun by `begin_training`."""
    return errand.status(store or Store(), key)


def training_run(key: str, store: Store | None = None) -> TrainingRun | None:
    """The run's log and outcome; None before it begins to compute."""
    return read_run(store or Store(), key)


def training_runs(store: Store | None = None) -> tuple[TrainingRun, ...]:
    """All runs, the newest first."""
    return read_runs(store or Store())


def adaptable_models(store: Store | None = None) -> tuple[ModelEntry, ...]:
    """Detectors that are here and can learn other classes from labels."""
    from edgeslim.models.families import FAMILIES
    from edgeslim.workbench.models import list_models

    return tuple(
        model
        for model in list_models(store)
        if model.ready
        and model.task == "detection"
        and model.family in FAMILIES
        and FAMILIES.get(model.family).loss is not None
    )
