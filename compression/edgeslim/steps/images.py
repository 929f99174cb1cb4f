"""Images for a step: whether there are any, which are taken, and how they become inputs of the network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeslim.datasets.base import Split
from edgeslim.detections import FloatArray
from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.tasks import task_for


def calibration_images(split: Split | None, step: str) -> Split:
    """The split, if it has images. Raises RecipeError (code 'no_calibration_images')."""
    if split is None or len(split) == 0:
        raise RecipeError("no_calibration_images", step=step)
    return split


def training_images(split: Split | None, step: str) -> Split:
    """The split, if it has labelled images. Raises RecipeError (code 'no_training_images')."""
    if split is None or all(split.target(place) is None for place in range(len(split))):
        raise RecipeError("no_training_images", step=step)
    return split


def evenly_spaced(count: int, wanted: int) -> list[int]:
    """`wanted` indices (or all) spread over 0 … count - 1."""
    return sorted({int(index) for index in np.linspace(0, count - 1, min(wanted, count))})


def inputs(split: Split, spec: ModelSpec, count: int | None = None) -> Iterator[FloatArray]:
    """Network inputs (1, C, H, W) of `count` images spread over the split, or of all, one at a time.

    Raises DatasetError for an unreadable image.
    """
    prepare = task_for(spec).prepare
    for index in evenly_spaced(len(split), len(split) if count is None else count):
        yield prepare(split.image(index), spec).tensor


def prepared(split: Split, spec: ModelSpec, count: int | None = None) -> list[FloatArray]:
    """The same, all at once."""
    return list(inputs(split, spec, count))
