"""What files see on the images that they are scored on: the stuff of galleries of damage and of error analyses."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import SeeImages
from edgeslim.measurement.images import Images as Images
from edgeslim.progress import Progress, silent
from edgeslim.records import encoded
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.datasets import resolve_dataset
from edgeslim.workbench.files import artifact_path
from edgeslim.workbench.planning import reference
from edgeslim.workbench.workload import opened_images

if TYPE_CHECKING:
    from edgeslim.detections import Image, Target, TaskName
    from edgeslim.models.base import ModelSpec
    from edgeslim.tasks.base import Prediction


MOST_IMAGES = 400
"""Validation images at most that files are compared on, where somebody waits."""


def compared_images(plan: StudyPlan) -> Images:
    """Those that a study's files were scored on, but not more than one can wait for."""
    return Images(
        plan.dataset,
        limit=plan.limit,
        held_out=plan.held_out,
        most=MOST_IMAGES,
        classes=plan.classes,
        divided=plan.divided,
    )


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
    work = opened_images(images, model, spec, store or Store())
    split = work.evaluation
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
    work = opened_images(images, model, spec, store)
    file = artifact_path(sha256, store)
    return tuple(predict(file, work.model.spec, work.evaluation, store, progress=progress))


def kept_predictions(
    sha256: str, images: Images, model: str, *, spec: ModelSpec | None = None, store: Store | None = None
) -> tuple[Prediction, ...] | None:
    """What `predictions` returns, if it was made before; else see `see`. Raises as `predictions` does."""
    from edgeslim.predictions import kept

    store = store or Store()
    work = opened_images(images, model, spec, store)
    found = kept(artifact_path(sha256, store), work.model.spec, work.evaluation, store)
    return None if found is None else tuple(found)


def images_there(images: Images, store: Store | None = None) -> bool:
    """Whether the images can be looked at at once; a built-in dataset draws its own the first time: see `see`."""
    from edgeslim.datasets import DATASETS

    name = images.dataset
    return name not in DATASETS or DATASETS.get(name).there(store or Store(), images.split)


def see(
    who: str,
    sha256: str | None,
    images: Images,
    model: str,
    *,
    spec: ModelSpec | None = None,
    store: Store | None = None,
) -> None:
    """Begin to run the file on the images, in a process of its own; see `seeing_status`.

    Without a file the images are only made ready. `who` is the study that it is for. Raises StoreError (no_artifact),
    DatasetError.
    """
    store = store or Store()
    if sha256 is not None and not store.path(sha256).exists():
        store.put(artifact_path(sha256, store).read_bytes())
    resolved = dataclasses.replace(images, dataset=resolve_dataset(images.dataset, store))
    plan = StudyPlan(model=reference(model), dataset=resolved.dataset, spec=spec)
    key = _seeing(sha256, images, model, spec)
    files = () if sha256 is None else (sha256,)
    errand.begin(store, SeeImages(who=who, key=key, files=files, images=resolved, plan=plan))


def seeing_status(
    sha256: str | None,
    images: Images,
    model: str,
    *,
    spec: ModelSpec | None = None,
    store: Store | None = None,
) -> ErrandStatus | None:
    """How far `see` is with the file and these images; None if it was never asked for."""
    return errand.status(store or Store(), _seeing(sha256, images, model, spec))


def _seeing(sha256: str | None, images: Images, model: str, spec: ModelSpec | None) -> str:
    asked = [sha256, encoded(images), model, None if spec is None else spec.to_json()]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def images_at(images: Images, model: str, places: Sequence[int], store: Store | None = None) -> list[Image]:
    """Some of the images. Raises ModelError, DatasetError."""
    split = opened_images(images, model, None, store or Store()).evaluation
    return [split.image(place) for place in places]
