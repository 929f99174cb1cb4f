"""What is in a split: objects by class and size, images without any; and which images cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.datasets.base import Split
from edgeslim.detections import Annotations
from edgeslim.errors import DatasetError, ErrorRecord
from edgeslim.progress import Progress, silent

SMALL, MEDIUM = 32.0**2, 96.0**2
"""Areas in pixels up to which an object is small, medium. Source: COCO's evaluation."""
MOST_TOLD = 200
"""Images that cannot be read, of which it is said why."""


@dataclass(frozen=True, slots=True)
class ClassCount:
    label: str
    objects: int
    images: int
    side: float | None
    """Median of the objects' √area in pixels; None of a classifier's images, and without objects."""


@dataclass(frozen=True, slots=True)
class SplitStatistics:
    """`empty` images are known to show nothing; of the `unknown` ones nothing is known. Crowds are left out."""

    images: int
    empty: int
    unknown: int
    classes: tuple[ClassCount, ...]
    """All of the dataset's, in its order."""
    small: int = 0
    medium: int = 0
    large: int = 0

    @property
    def objects(self) -> int:
        return sum(each.objects for each in self.classes)


def statistics(split: Split, labels: Sequence[str]) -> SplitStatistics:
    """Counted on the annotations; no picture is read."""
    areas: list[list[float]] = [[] for _ in labels]
    objects, images = np.zeros(len(labels), int), np.zeros(len(labels), int)
    empty = unknown = 0
    for place in range(len(split)):
        known = split.target(place)
        if known is None:
            unknown += 1
        elif isinstance(known, Annotations):
            alone = ~known.crowd
            empty += not alone.any()
            for kind, area in zip(known.classes[alone].tolist(), known.area[alone].tolist(), strict=True):
                objects[kind] += 1
                areas[kind].append(area)
            images[np.unique(known.classes[alone])] += 1
        else:
            objects[known] += 1
            images[known] += 1
    every = np.array([area for kind in areas for area in kind])
    counts = tuple(
        ClassCount(label, int(objects[kind]), int(images[kind]), _side(areas[kind]))
        for kind, label in enumerate(labels)
    )
    small, large = int((every <= SMALL).sum()), int((every > MEDIUM).sum())
    return SplitStatistics(len(split), empty, unknown, counts, small, len(every) - small - large, large)


def _side(areas: Sequence[float]) -> float | None:
    return float(np.median(np.sqrt(areas))) if areas else None


def unreadable(split: Split, progress: Progress = silent) -> tuple[ErrorRecord, ...]:
    """Read every image; why some cannot be, the first `MOST_TOLD` of them."""
    found: list[ErrorRecord] = []
    for place in range(len(split)):
        progress("reading_images", place, len(split))
        try:
            split.image(place)
        except DatasetError as error:
            found.append(error.record())
            if len(found) == MOST_TOLD:
                break
    return tuple(found)
