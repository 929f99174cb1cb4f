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
    from edgeslim.datasets.base import Split, SplitName
    from edgeslim.detections import Image, Target, TaskName
    from edgeslim.measurement.workload import Workload
    from edgeslim.models.base import ModelSpec
    from edgeslim.tasks.base import Prediction


@dataclass(frozen=True, slots=True)
class Images:
    """Images that files are compared on: by default those that a plan with this limit and share scores its files on."""

    dataset: str
    split: SplitName = "validation"
    limit: int | None = None
    """The first images of the split, before some are held out."""
    held_out: float | None = 0.0
    """Share that is left out, as in a study's plan; None is a quarter, of enough images."""
    most: int | None = None
    """The first of what is left."""


@dataclass(frozen=True, slots=True)
class ScoredImages:
    """The images, in the order of their split, with what is known of them."""

    task: TaskName
    ids: tuple[str, ...]
    labels: tuple[str, ...]
    """The model's classes; empty if it names none."""
    truths: tuple[Target, ...] | None
    """In the model's classes; None if nothing is known."""
    fingerprint: str = ""
    """Of the images' content."""


def scored_images(
    images: Images, model: str, *, spec: ModelSpec | None = None, store: Store | None = None
) -> ScoredImages:
    """The images, as files of the model are scored on them. Raises ModelError, DatasetError."""
    work = _workload(images, model, spec, store or Store())
    split = _part(work.evaluation, images)
    places = range(len(split))
    truths = None if work.labels is None else tuple(split.target(place) for place in places)
    ids = tuple(split.image_id(place) for place in places)
    return ScoredImages(work.model.spec.task, ids, tuple(work.model.spec.labels), truths, split.fingerprint)


def predictions(
    sha256: str,
    images: Images,
    model: str,
    *,
    spec: ModelSpec | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> tuple[Prediction, ...]:
    """What the file of that hash says of each of the images; made once, then read from the store.

    Raises ModelError, DatasetError, StoreError (no_artifact).
    """
    from edgeslim.predictions import predict

    store = store or Store()
    work = _workload(images, model, spec, store)
    file, split = artifact_path(sha256, store), _part(work.evaluation, images)
    return tuple(predict(file, work.model.spec, split, store, progress=progress))


def images_at(images: Images, model: str, places: Sequence[int], store: Store | None = None) -> list[Image]:
    """Some of the images. Raises ModelError, DatasetError."""
    split = _part(_workload(images, model, None, store or Store()).evaluation, images)
    return [split.image(place) for place in places]


def _workload(images: Images, model: str, spec: ModelSpec | None, store: Store) -> Workload:
    return opened(
        model,
        images.dataset,
        store,
        calibration=None,
        spec=spec,
        progress=silent,
        limit=images.limit,
        held_out=images.held_out,
        split=images.split,
    )


def _part(split: Split, images: Images) -> Split:
    from edgeslim.datasets.base import Subset

    return split if images.most is None or images.most >= len(split) else Subset(split, images.most)
