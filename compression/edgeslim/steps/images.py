"""Calibration images as the network's inputs, and what is spread evenly over them."""

from __future__ import annotations

import numpy as np

from edgeslim.datasets.base import Split
from edgeslim.detections import FloatArray
from edgeslim.models.base import ModelSpec
from edgeslim.tasks import task_for


def evenly_spaced(count: int, wanted: int) -> list[int]:
    """`wanted` indices (or all) spread over 0 … count - 1."""
    return sorted({int(index) for index in np.linspace(0, count - 1, min(wanted, count))})


def prepared(split: Split, spec: ModelSpec, count: int) -> list[FloatArray]:
    """`count` images (or all), spread over the split, each (1, C, H, W). Raises DatasetError."""
    prepare = task_for(spec).prepare
    return [prepare(split.image(index), spec).tensor for index in evenly_spaced(len(split), count)]
