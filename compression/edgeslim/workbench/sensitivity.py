"""Sensitivity of every layer to every technique."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.measurement.machine import busy
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.workbench.workload import opened, opened_unlabelled

if TYPE_CHECKING:
    from edgeslim.analysis.results import Sensitivity


def layer_sensitivity(
    model: str | Path,
    dataset: str | Path,
    *,
    techniques: Mapping[str, Sequence[float]] | None = None,
    labels: bool = False,
    images: int | None = None,
    calibration: str | Path | None = None,
    spec: ModelSpec | None = None,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress = silent,
) -> Sensitivity:
    """Each layer changed alone by each technique: relative output error on calibration images, without labels; or,
    with `labels`, the change of the primary metric on validation images, with its paired interval.

    `techniques` maps names to strengths (none: the usual ones); `images` defaults to 8, with labels to 32. What was
    measured before comes from the store. Raises ModelError, DatasetError, EdgeSlimError.
    """
    from edgeslim.analysis.deployed import required
    from edgeslim.analysis.sensitivity import accuracy_sensitivity, output_sensitivity
    from edgeslim.errors import DatasetError

    store = store or Store()
    with store.in_use(), busy(str(model), progress) as progress:
        found, split = opened_unlabelled(
            model, dataset, store, calibration=calibration, spec=spec, progress=progress
        )
        seen = required(split)
        if not labels:
            return output_sensitivity(
                found, seen, store, techniques, images=images or 8, threads=threads, progress=progress
            )
        workload = opened(model, dataset, store, calibration=calibration, spec=spec, progress=progress)
        if workload.labels is None:
            raise DatasetError("sensitivity_no_labels", dataset=workload.dataset)
        return accuracy_sensitivity(
            workload.model,
            workload.evaluation,
            workload.labels,
            seen,
            store,
            techniques,
            images=images or 32,
            threads=threads,
            progress=progress,
        )
