"""Opening what most use cases work with: a model and data, by their references."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.measurement.images import Images
from edgeslim.progress import Progress, silent
from edgeslim.records import ClassMap
from edgeslim.workbench.datasets import open_dataset, resolve_dataset

if TYPE_CHECKING:
    from edgeslim.datasets.base import Split, SplitName
    from edgeslim.measurement.workload import Workload
    from edgeslim.models.base import Model, ModelSpec


def opened(
    model: str | Path,
    dataset: str | Path,
    store: Store,
    *,
    calibration: str | Path | None,
    spec: ModelSpec | None,
    progress: Progress,
    limit: int | None = None,
    held_out: float | None = 0.0,
    split: SplitName = "validation",
    classes: ClassMap = (),
) -> Workload:
    """The model and the data in its classes. Raises ModelError, DatasetError."""
    from edgeslim.measurement.workload import open_workload

    return open_workload(
        str(model),
        resolve_dataset(dataset, store),
        store,
        calibration=None if calibration is None else resolve_dataset(calibration, store),
        spec=spec,
        limit=limit,
        held_out=held_out,
        split=split,
        classes=classes,
        progress=progress,
    )


def opened_images(
    images: Images, model: str, spec: ModelSpec | None, store: Store, progress: Progress = silent
) -> Workload:
    """The model with these images to evaluate on. Raises ModelError, DatasetError."""
    from edgeslim.measurement.workload import open_images

    resolved = dataclasses.replace(images, dataset=resolve_dataset(images.dataset, store))
    return open_images(resolved, model, store, spec=spec, progress=progress)


def opened_unlabelled(
    model: str | Path,
    dataset: str | Path | None,
    store: Store,
    *,
    calibration: str | Path | None,
    spec: ModelSpec | None,
    progress: Progress,
) -> tuple[Model, Split | None]:
    """The model, and images to look at it with: of `calibration` or else the dataset, whatever its classes.

    Raises ModelError, DatasetError.
    """
    from edgeslim.datasets import any_images
    from edgeslim.models.library import open_model

    found = open_model(model, store, spec, progress=progress)
    images = calibration if calibration is not None else dataset
    return found, None if images is None else any_images(open_dataset(images, store, progress))
