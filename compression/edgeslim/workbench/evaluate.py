"""Measure a model as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgeslim.artifacts.store import Store
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.records import ClassMap
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench.compress import measure
from edgeslim.workbench.datasets import resolve_dataset
from edgeslim.workbench.preprocessing import settled_spec, suspicions


def evaluate_model(
    model: str | Path,
    dataset: str | Path,
    *,
    spec: ModelSpec | None = None,
    classes: ClassMap = (),
    limit: int | None = None,
    threads: int = 1,
    runtimes: Sequence[str] = (),
    store: Store | None = None,
    progress: Progress = silent,
) -> TrialResult:
    """The model's deployable file (nothing compressed) measured on the dataset.

    `classes` says which classes are the same where names do not; where few are, it must be given. `limit` takes the
    first images only. In `runtimes`, besides the main one, it is delivered and measured too. How images are prepared for
    a file without a specification is found by trying. Raises EdgeSlimError.
    """
    from edgeslim.datasets.labels import check_classes
    from edgeslim.measurement.workload import open_workload
    from edgeslim.recipe import Recipe

    store = store or Store()
    with store.in_use():
        spec, told = settled_spec(model, dataset, spec, store, progress, classes)
        workload = open_workload(
            str(model),
            resolve_dataset(dataset, store),
            store,
            spec=spec,
            limit=limit,
            classes=classes,
            progress=progress,
        )
        check_classes(workload.matching)
        trial = measure([Recipe()], workload, store, threads, progress, runtimes, told)[0]
        if not trial.scores_nothing or trial.sha256 is None:
            return trial
        why = suspicions(trial.sha256, workload, dataset, store, progress)
        return replace(trial, told=(*trial.told, *why))
