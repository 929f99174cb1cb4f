"""Pictures with what files detect on them, as an experiment's view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgeslim.lessons.views import Boxes, Scene, Scenes

if TYPE_CHECKING:
    from edgeslim.detections import Detections
    from edgeslim.lessons.lab import Lab
    from edgeslim.models.base import ModelSpec

WEAKEST = 0.3
"""Boxes with lower scores are not kept: they are never shown."""


def gallery_scenes(
    lab: Lab, dataset: str, places: tuple[int, ...], files: Mapping[str, tuple[str, ModelSpec]]
) -> Scenes:
    """Some of a dataset's gallery, with the boxes of files (by SHA-256) as their specifications read them."""
    from edgeslim.datasets import open_dataset
    from edgeslim.datasets.base import Part
    from edgeslim.predictions import predict

    gallery = open_dataset(dataset, lab.store, lab.progress).split("gallery")
    shown = Part(gallery, places, f"{places}")
    seen = [
        predict(lab.store.path(sha256), spec, shown, lab.store, threads=2) for sha256, spec in files.values()
    ]
    return Scenes(
        dataset=dataset,
        split="gallery",
        names=tuple(files),
        labels=next(iter(files.values()))[1].labels,
        scenes=tuple(
            Scene(place=place, files=tuple(_boxes(each[index]) for each in seen))  # type: ignore[arg-type]
            for index, place in enumerate(places)
        ),
    )


def _boxes(found: Detections) -> Boxes:
    kept = found.scores >= WEAKEST
    return Boxes(
        boxes=tuple(tuple(round(float(side), 1) for side in box) for box in found.boxes[kept]),
        scores=tuple(round(float(score), 3) for score in found.scores[kept]),
        classes=tuple(int(label) for label in found.classes[kept]),
    )
