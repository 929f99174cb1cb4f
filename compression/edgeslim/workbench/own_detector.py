"""Train a detector of one's own, from labelled pictures to a model of the library."""

from __future__ import annotations

from pathlib import Path

from edgeslim import visitors
from edgeslim.artifacts.store import Store
from edgeslim.measurement.trainings import (
    EPOCHS,
    NOTHING,
    SIDE,
    STREET_SIGNS,
    DetectorPlan,
    DetectorSize,
    TrainingRun,
)
from edgeslim.progress import Progress, silent
from edgeslim.workbench.datasets import resolve_dataset

__all__ = [
    "EPOCHS",
    "NOTHING",
    "SIDE",
    "STREET_SIGNS",
    "DetectorPlan",
    "DetectorSize",
    "TrainingRun",
    "train_detector",
]


def train_detector(
    dataset: str | Path,
    name: str,
    *,
    size: DetectorSize = "medium",
    start: str = STREET_SIGNS,
    epochs: int = EPOCHS,
    side: int = SIDE,
    seed: int = 0,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress = silent,
) -> TrainingRun:
    """Train a detector of the dataset's classes, and list it in the library under `name`.

    It is ours of that size, with `side` the longer side of its input in pixels, begun with the street-sign model's
    weights or with nothing; or, where `start` is a model, that one with its class layers rebuilt. A run that was broken
    off goes on. Raises DatasetError, RecipeError, ModelError.
    """
    from edgeslim.measurement import own_detector

    visitors.refuse_in_demo("import")
    store = store or Store()
    plan = DetectorPlan(
        dataset=resolve_dataset(dataset, store),
        name=name,
        start=start,
        size=size,
        side=side,
        epochs=epochs,
        seed=seed,
    )
    return own_detector.train_detector(plan, store, threads=threads, progress=progress)
