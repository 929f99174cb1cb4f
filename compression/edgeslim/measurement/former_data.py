"""What training on other data makes of a model on those that it had learnt from before."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import numpy as np

from edgeslim.artifacts.store import Store
from edgeslim.datasets import Relabelled, match_classes, open_dataset
from edgeslim.datasets.base import Dataset, Subset
from edgeslim.datasets.labels import UNKNOWN
from edgeslim.errors import DatasetError
from edgeslim.evaluation import score
from edgeslim.measurement.trainings import read_runs
from edgeslim.measurement.workload import Workload
from edgeslim.metrics.bootstrap import Resampled
from edgeslim.models.base import Model, ModelSpec
from edgeslim.models.catalogue import sample_records
from edgeslim.progress import Progress, silent
from edgeslim.recipe import Recipe
from edgeslim.records import FormerData

FORMER_IMAGES = 200
"""So many images of what a model had learnt from are scored, at most."""


def learnt_from(model: Model, store: Store) -> str | None:
    """The dataset that the model was trained on, by its reference, where that is known: of samples and of models that
    were trained here."""
    for record in sample_records():
        if record["sha256"] == model.sha256 and "data" in record:
            return str(record["data"]["dataset"])
    return next((run.plan.dataset for run in read_runs(store) if run.sha256 == model.sha256), None)


def learns_labels(recipe: Recipe) -> bool:
    """Whether a step of the recipe follows the labels of the data."""
    return any("loss" in step.needs for step in recipe.steps)


def on_former_data(
    recipe: Recipe,
    workload: Workload,
    before: Path,
    after: Path,
    store: Store,
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> FormerData | None:
    """The original and the recipe's file on the dataset that the model had learnt from.

    None if that is not known, not here any more or the workload's own, or the recipe does not look at labels. Raises
    ModelError.
    """
    if before == after or not learns_labels(recipe):
        return None
    reference, spec = learnt_from(workload.model, store), workload.model.spec
    if reference is None or reference == workload.reference:
        return None
    with suppress(DatasetError):  # gone since: the trial itself does not need it
        data = open_dataset(reference, store, progress)
        return compared_on(data, (before, spec), (after, spec), store, threads=threads, progress=progress)
    return None


def compared_on(
    data: Dataset,
    before: tuple[Path, ModelSpec],
    after: tuple[Path, ModelSpec],
    store: Store,
    *,
    classes: Collection[str] | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> FormerData | None:
    """Two files on the first validation images of `data`, in those `classes` of it that both know (default: all).

    None if there is none. Raises DatasetError, ModelError.
    """
    common = [name for name in after[1].labels if classes is None or name in classes]
    both = tuple(name for name in data.labels if name in before[1].labels and name in common)
    if not both:
        return None
    split = Subset(data.split("validation"), FORMER_IMAGES)

    def scored(path: Path, spec: ModelSpec) -> tuple[str, Resampled | None]:
        pairs = match_classes(data.labels, spec.labels).pairs
        places = [spec.labels.index(other) if own in both and other else UNKNOWN for own, other in pairs]
        seen = Relabelled(split, np.array(places, np.int64))
        found = score(path, spec, seen, spec.labels, store, threads=threads, progress=progress)
        return found.primary_metric, found.primary

    (metric, old), (_, new) = scored(*before), scored(*after)
    if old is None or new is None:
        return None
    return FormerData(
        dataset=data.name,
        classes=both,
        images=len(split),
        before=old.value,
        after=new.value,
        metric=metric,
        change_ci95=(new - old).paired_ci95,
    )
