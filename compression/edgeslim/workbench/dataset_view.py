"""What is in a dataset: counted on its annotations, and its images read to the last pixel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.errors import DatasetError, ErrorRecord
from edgeslim.jobs import errand
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import ReadImages
from edgeslim.jobs.errands.reading import READ
from edgeslim.measurement.images import Images
from edgeslim.records import decoded
from edgeslim.workbench.datasets import open_dataset, resolve_dataset

if TYPE_CHECKING:
    from edgeslim.datasets.base import SplitName
    from edgeslim.datasets.statistics import SplitStatistics
    from edgeslim.detections import Annotations, Image


def split_statistics(dataset: str, split: SplitName, store: Store | None = None) -> SplitStatistics:
    """Objects by class and size. A built-in dataset draws its images first. Raises DatasetError."""
    from edgeslim.datasets.statistics import statistics

    found = open_dataset(dataset, store or Store())
    return statistics(found.split(split), found.labels)


def readable_images(
    reference: str | Path,
    split: SplitName | None = None,
    without: Collection[int] = (),
    *,
    start: int,
    count: int,
    store: Store | None = None,
) -> tuple[list[tuple[str, Image, Annotations | int | None]], dict[int, ErrorRecord]]:
    """As `workbench.gallery_images`, counted without the places in `without`; and why others could not be read, by place.

    Instead of those the next ones come. Raises DatasetError.
    """
    dataset = open_dataset(reference, store or Store())
    images = dataset.split(split or ("gallery" if "gallery" in dataset.splits else "validation"))
    found: list[tuple[str, Image, Annotations | int | None]] = []
    unreadable: dict[int, ErrorRecord] = {}
    for place in [place for place in range(len(images)) if place not in without][start:]:
        if len(found) == count:
            break
        try:
            found.append((images.image_id(place), images.image(place), images.target(place)))
        except DatasetError as error:
            unreadable[place] = error.record()
    return found, unreadable


def begin_reading(dataset: str, split: SplitName, store: Store | None = None) -> None:
    """Begin to read every image of the split; see `reading_status`. Raises DatasetError, StoreError."""
    store = store or Store()
    errand.begin(store, _asked(dataset, split, store))


def reading_status(dataset: str, split: SplitName, store: Store | None = None) -> ErrandStatus | None:
    """How far that is; None if it was never asked for."""
    store = store or Store()
    return errand.status(store, _asked(dataset, split, store).key)


def broken_images(
    dataset: str, split: SplitName, store: Store | None = None
) -> tuple[ErrorRecord, ...] | None:
    """Why images cannot be read, once all were tried."""
    store = store or Store()
    kept = store.get_record(READ, _asked(dataset, split, store).key)
    return None if kept is None else decoded(tuple[ErrorRecord, ...], kept["broken"])


def _asked(dataset: str, split: SplitName, store: Store) -> ReadImages:
    path = resolve_dataset(dataset, store)
    decisive = hashlib.sha256(json.dumps([path, split]).encode()).hexdigest()[:32]
    return ReadImages(who=dataset, key=decisive, images=Images(path, split))
