"""What a study's trials work with: the model, and the data in the model's own classes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgeslim.artifacts.store import Store
from edgeslim.datasets import (
    Relabelled,
    any_images,
    choosing_part,
    indices_of,
    match_classes,
    open_dataset,
    required,
    undivided,
    unmatched_classes,
)
from edgeslim.datasets.base import Dataset, Split, SplitName, Subset
from edgeslim.errors import DatasetError, Notice
from edgeslim.measurement.images import Images
from edgeslim.models.base import Model, ModelSpec
from edgeslim.models.library import open_model
from edgeslim.pipeline import TaskData
from edgeslim.progress import Progress, silent
from edgeslim.records import ClassMap, ClassMatching


@dataclass(frozen=True, slots=True)
class Workload:
    """`dataset` is a name; `labels` are the model's, None where the evaluation images have no labels.

    `held_out` are validation images that are not used before the choice is made.
    """

    model: Model
    dataset: str
    data: TaskData
    evaluation: Split
    labels: tuple[str, ...] | None
    notices: Sequence[Notice]
    held_out: Split | None = None
    matching: ClassMatching | None = None
    """Which classes of the data are which of the model's; None where one of them names none."""
    reference: str = ""
    """Of the dataset, as `open_dataset` takes it."""


def open_workload(
    model: str | Model,
    dataset: str,
    store: Store,
    *,
    calibration: str | None = None,
    spec: ModelSpec | None = None,
    limit: int | None = None,
    held_out: float | None = 0.0,
    split: SplitName = "validation",
    classes: ClassMap = (),
    divided: bool = True,
    progress: Progress = silent,
) -> Workload:
    """Open model and data by their references; `divided`: also data that declares no splits. Raises ModelError
    or DatasetError."""
    if isinstance(model, str):
        model = open_model(model, store, spec, progress=progress)
    data = open_dataset(dataset, store, progress)
    data = data if divided else undivided(data)
    images = open_dataset(calibration, store, progress) if calibration else None
    made = make_workload(model, data, images, limit, held_out, split, classes)
    return dataclasses.replace(made, reference=dataset)


def open_images(
    images: Images, model: str, store: Store, *, spec: ModelSpec | None = None, progress: Progress = silent
) -> Workload:
    """The model with these images to evaluate on. Raises ModelError, DatasetError."""
    found = open_workload(
        model,
        images.dataset,
        store,
        spec=spec,
        limit=images.limit,
        held_out=images.held_out,
        split=images.split,
        classes=images.classes,
        divided=images.divided,
        progress=progress,
    )
    if images.most is None or images.most >= len(found.evaluation):
        return found
    return dataclasses.replace(found, evaluation=Subset(found.evaluation, images.most))


def make_workload(
    model: Model,
    dataset: Dataset,
    calibration: Dataset | None = None,
    limit: int | None = None,
    held_out: float | None = 0.0,
    split: SplitName = "validation",
    classes: ClassMap = (),
) -> Workload:
    """Bring model and data together: evaluate on `split` (the first `limit` images of it), calibrate on
    `calibration` if given, else on the dataset's own split.

    `held_out` is the share of the evaluation images to keep apart, None a sensible one (`choosing_part`). `classes`
    says which classes are the same where names do not.
    """
    model = model if classes else _named(model, dataset)
    notices, matching = [*_made_elsewhere(model), *dataset.warnings], None
    evaluation, train = dataset.split(split), _split(dataset, "train")
    labels: tuple[str, ...] | None = None
    if dataset.has_labels and model.spec.labels:
        if dataset.task != model.spec.task:
            raise DatasetError(
                "labels_of_other_task", dataset=dataset.name, labels=dataset.task, model=model.spec.task
            )
        labels = model.spec.labels
        matching = required(match_classes(dataset.labels, labels, classes), dataset.labels)
        mapping = indices_of(matching)
        notices.extend(unmatched_classes(matching))
        # A relabelled split reads its content for its fingerprint; the same classes in the same order need none.
        if mapping.tolist() != list(range(len(labels))):
            evaluation = Relabelled(evaluation, mapping)
            train = Relabelled(train, mapping, taught=True) if train is not None else None
            notices.extend(_teach_nothing(train, dataset))
    if limit is not None:
        evaluation = Subset(evaluation, limit)
    evaluation, apart, told = choosing_part(evaluation, held_out)
    notices.extend(told)
    images = _split(dataset, "calibration")
    if calibration is not None and (images is None or not _same_images(calibration, dataset)):
        images = any_images(calibration)
    if apart is not None and images is not None and _same(images, dataset.split(split)):
        images = choosing_part(images, held_out)[0]
    data = TaskData(calibration=images, train=train, evaluation=evaluation, labels=model.spec.labels)
    return Workload(model, dataset.name, data, evaluation, labels, notices, apart, matching)


def _named(model: Model, dataset: Dataset) -> Model:
    """A model whose labels are placeholders (class_0 …) takes the dataset's names if they are as many."""
    labels = model.spec.labels
    if len(labels) == len(dataset.labels) and placeholders(labels):
        spec = dataclasses.replace(model.spec, labels=tuple(dataset.labels))
        return dataclasses.replace(model, spec=spec)
    return model


def _made_elsewhere(model: Model) -> list[Notice]:
    if not model.quantized:
        return []
    return [Notice("quantized_elsewhere", name=model.name)]


def placeholders(labels: Sequence[str]) -> bool:
    """Whether these only number the classes: 'class_0', 'class_1' …"""
    return all(re.fullmatch(r"class_\d+", label) for label in labels)


def _teach_nothing(train: Split | None, dataset: Dataset) -> list[Notice]:
    """Of a classifier's training images that are of classes it does not know."""
    if train is None or dataset.task != "classification":
        return []
    count = sum(train.target(place) is None for place in range(len(train)))
    return [Notice("images_teach_nothing", count=count, total=len(train))] if count else []


def _same(images: Split, others: Split) -> bool:
    return images.fingerprint == others.fingerprint


def _same_images(one: Dataset, other: Dataset) -> bool:
    """Whether they are the same data, divided the same way: then calibration has its own part of it."""
    return one.splits == other.splits and _same(one.split("validation"), other.split("validation"))


def _split(dataset: Dataset, name: SplitName) -> Split | None:
    return dataset.split(name) if name in dataset.splits else None
