"""What files see on the images that they are scored on: the stuff of galleries of damage and of error analyses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.progress import Progress, silent
from edgeslim.workbench.files import artifact_path
from edgeslim.workbench.workload import opened

if TYPE_CHECKING:
    from edgeslim.detections import Image, Target, TaskName
    from edgeslim.measurement.workload import Workload
    from edgeslim.models.base import ModelSpec
    from edgeslim.tasks.base import Prediction


@dataclass(frozen=True, slots=True)
class ScoredImages:
    """The images, in the order of the dataset's validation split, with what is known of them."""

    task: TaskName
    ids: tuple[str, ...]
    labels: tuple[str, ...]
    """The model's classes; empty if it names none."""
    truths: tuple[Target, ...] | None
    """In the model's classes; None if nothing is known."""


def scored_images(
    model: str,
    dataset: str,
    *,
    spec: ModelSpec | None = None,
    limit: int | None = None,
    store: Store | None = None,
) -> ScoredImages:
    """The first `limit` validation images, as the model's files are scored on them. Raises ModelError, DatasetError."""
    work = _workload(model, dataset, spec, limit, store or Store())
    split = work.evaluation
    places = range(len(split))
    truths = None if work.labels is None else tuple(split.target(place) for place in places)
    ids = tuple(split.image_id(place) for place in places)
    return ScoredImages(work.model.spec.task, ids, tuple(work.model.spec.labels), truths)


def predictions(
    sha256: str,
    model: str,
    dataset: str,
    *,
    spec: ModelSpec | None = None,
    limit: int | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> tuple[Prediction, ...]:
    """What the file of that hash says of each of `scored_images`; made once, then read from the store.

    Raises ModelError, DatasetError, StoreError (no_artifact).
    """
    from edgeslim.predictions import predict

    store = store or Store()
    work = _workload(model, dataset, spec, limit, store)
    file = artifact_path(sha256, store)
    return tuple(predict(file, work.model.spec, work.evaluation, store, progress=progress))


def images_at(reference: str, places: Sequence[int], store: Store | None = None) -> list[Image]:
    """Some of a dataset's validation images. Raises DatasetError."""
    from edgeslim.workbench.datasets import open_dataset

    split = open_dataset(reference, store).split("validation")
    return [split.image(place) for place in places]


def _workload(model: str, dataset: str, spec: ModelSpec | None, limit: int | None, store: Store) -> Workload:
    return opened(model, dataset, store, calibration=None, spec=spec, progress=silent, limit=limit)
