"""Datasets of image files: splits, fingerprints, which images are evaluated; the registries of formats and datasets."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Dataset, Split, SplitName
from edgeslim.datasets.division import Division, division
from edgeslim.datasets.images import Size, check_image, read_image
from edgeslim.detections import Annotations, Image, Target, TaskName
from edgeslim.errors import DatasetError, Notice
from edgeslim.progress import Progress
from edgeslim.registry import Registry

CALIBRATION_IMAGES = 128
_CALIBRATION_SEED = 0
_FOR_CALIBRATION: tuple[SplitName, ...] = ("calibration", "train", "validation", "gallery")


@dataclass(frozen=True, slots=True)
class ImageFile:
    """`id` is unique in its split; `size` as declared by the annotations, or None."""

    path: Path
    id: str
    size: Size | None = None


class ImageFiles:
    """A Split of image files. `targets` has one entry per image, or is None."""

    def __init__(
        self, files: Sequence[ImageFile], targets: Sequence[Annotations | int] | None, labels: Sequence[str]
    ) -> None:
        assert targets is None or len(targets) == len(files)
        self.files, self.targets, self.labels = tuple(files), targets, tuple(labels)
        self.fingerprint = _fingerprint(self.files, targets, labels)

    def __len__(self) -> int:
        return len(self.files)

    def image(self, index: int) -> Image:
        file = self.files[index]
        return read_image(file.path, str(file.path), file.size)

    def target(self, index: int) -> Target:
        return None if self.targets is None else self.targets[index]

    def image_id(self, index: int) -> str:
        return self.files[index].id

    def pick(self, indices: Sequence[int]) -> ImageFiles:
        """These images, in this order."""
        chosen = None if self.targets is None else [self.targets[i] for i in indices]
        return ImageFiles([self.files[i] for i in indices], chosen, self.labels)


@dataclass(frozen=True, slots=True)
class FileDataset:
    """A Dataset whose splits are in memory."""

    name: str
    labels: tuple[str, ...]
    by_name: Mapping[SplitName, Split]
    warnings: tuple[Notice, ...] = ()
    has_labels: bool = True
    task: TaskName = "detection"
    whole: ImageFiles | None = None
    """All images, of a dataset that declares no splits and was divided (datasets.division)."""

    @property
    def splits(self) -> tuple[SplitName, ...]:
        return tuple(self.by_name)

    def split(self, name: SplitName) -> Split:
        if name not in self.by_name:
            raise no_split(self.name, name, self.splits)
        return self.by_name[name]


def dataset_of_files(
    name: str,
    labels: Sequence[str],
    train: ImageFiles | None,
    validation: ImageFiles,
    notices: Sequence[Notice] = (),
    *,
    task: TaskName = "detection",
    declared: bool,
) -> FileDataset:
    """The dataset of what a format reader found, its splits named.

    What is evaluated is 'validation': the declared validation and test images. A training set is 'train', and
    'calibration' is up to 128 images of it, shuffled by a fixed seed. Labelled images of which nothing is `declared`
    are divided (datasets.division), unless they are too few. Without training images there is no 'calibration', so
    that no image is used both for calibration and for scoring.

    The header of every validation image is read, to reject a damaged, huge or mismatched file at once.
    Raises DatasetError (no_images, or about an image).
    """
    if not len(validation):
        raise DatasetError("no_images", dataset=name)
    for file in validation.files:
        check_image(file.path, str(file.path), file.size)
    has_labels = any(not isinstance(known, Annotations) or len(known) for known in validation.targets or ())
    by_name: dict[SplitName, Split] = {}
    notices, whole = list(notices), None
    divided = None if declared or not has_labels else division([file.path.stem for file in validation.files])
    if divided is not None:
        train, whole, validation = (
            validation.pick(divided.taught),
            validation,
            validation.pick(divided.validation),
        )
        notices.append(_divided(name, divided))
    if train is not None and len(train):
        shuffled = np.random.default_rng(_CALIBRATION_SEED).permutation(len(train))
        by_name = {"train": train, "calibration": train.pick(shuffled[:CALIBRATION_IMAGES].tolist())}
        notices += _overlap(train, validation)
    by_name["validation"] = validation
    if not has_labels:
        validation = ImageFiles(validation.files, None, labels)
        by_name["validation"] = validation
        notices.append(Notice("no_annotations", dataset=name))
    return FileDataset(name, tuple(labels), by_name, tuple(notices), has_labels, task, whole)


def undivided(dataset: Dataset) -> Dataset:
    """The dataset without a division that it does not declare: all its images are for validation."""
    if not isinstance(dataset, FileDataset) or dataset.whole is None:
        return dataset
    told = tuple(notice for notice in dataset.warnings if notice.code != DIVIDED)
    return dataclasses.replace(dataset, by_name={"validation": dataset.whole}, warnings=told, whole=None)


def any_images(dataset: Dataset) -> Split:
    """The images for calibration, when the user has chosen `dataset` for that.

    Its first split among calibration, train, validation and gallery; all images of a dataset without declared splits.
    """
    dataset = undivided(dataset)
    return dataset.split(next(name for name in _FOR_CALIBRATION if name in dataset.splits))


def no_split(dataset: str, name: str, splits: Sequence[str]) -> DatasetError:
    choices = ", ".join(splits)
    return DatasetError("no_split", dataset=dataset, split=name, choices=choices)


DIVIDED = "divided"


def _divided(name: str, parts: Division) -> Notice:
    values = {"validation": len(parts.validation), "train": len(parts.taught), "seed": parts.seed}
    return Notice(DIVIDED, dataset=name, **values)


def _overlap(train: ImageFiles, validation: ImageFiles) -> list[Notice]:
    shared = {file.path for file in train.files} & {file.path for file in validation.files}
    if not shared:
        return []
    return [Notice("splits_overlap", count=len(shared))]


def _fingerprint(
    files: Sequence[ImageFile], targets: Sequence[Annotations | int] | None, labels: Sequence[str]
) -> str:
    """SHA-256 of labels, image ids, file sizes in bytes and targets; pixels are not read."""
    digest = hashlib.sha256("\n".join(labels).encode())
    for index, file in enumerate(files):
        digest.update(f"\n{file.id}\0{file.path.stat().st_size}\0".encode())
        if targets is None:
            continue
        known = targets[index]
        if not isinstance(known, Annotations):
            digest.update(str(known).encode())
        else:
            for array in (known.boxes, known.classes, known.crowd, known.area):
                digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


class Format(Protocol):
    """A file format of datasets. To add one: a file, and its name in __init__."""

    @property
    def name(self) -> str: ...

    def recognises(self, path: Path) -> bool:
        """True if the file or folder looks like this format; quick, and never raises."""
        ...

    def read(self, path: Path) -> FileDataset:
        """Read it. Raises DatasetError naming the file, line or annotation that is wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Builtin:
    """A dataset that comes with EdgeSlim, described so that listing it needs no reading.

    `sizes`: images per split; `description`: a code that the pages translate; `open` may be slow on first use.
    """

    name: str
    task: TaskName
    labels: tuple[str, ...]
    sizes: Mapping[SplitName, int]
    licence: str
    description: str
    open: Callable[[Store, Progress], Dataset]
    there: Callable[[Store, SplitName], bool] = lambda store, split: True
    """Whether a split needs no drawing before it is used."""

    def to_json(self) -> dict[str, Any]:
        return {
            f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in ("open", "there")
        }


FORMATS: Registry[Format] = Registry("dataset format")
DATASETS: Registry[Builtin] = Registry("dataset")
