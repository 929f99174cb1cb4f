"""A task combines preparation of images, decoding of outputs and metrics: detection or classification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from edgeslim.datasets.base import Split
from edgeslim.detections import Detections, FloatArray, Image
from edgeslim.metrics.bootstrap import SEED, Resampled
from edgeslim.models.base import ModelSpec

Prediction = Detections | FloatArray | None
"""Detections (detection), class probabilities (C,) (classification), or None (a family without decoder)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared image: `tensor` (1, C, H, W) float32, and what is needed to map boxes back to the image."""

    tensor: FloatArray
    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Accuracy figures by name, with `ci95` of the primary metric; empty if nothing can be scored."""

    figures: dict[str, Any] = field(default_factory=dict)
    primary: Resampled | None = None
    """The primary metric with its resamples over images."""


class Task(Protocol):
    """How to prepare an image, read the network's outputs, and score a list of predictions."""

    name: str
    primary_metric: str
    """Key of the headline accuracy in the scores ('mAP', 'top1')."""

    def prepare(self, image: Image, spec: ModelSpec) -> Prepared: ...

    def decode(
        self, outputs: Sequence[np.ndarray[Any, Any]], prepared: Prepared, spec: ModelSpec
    ) -> Prediction: ...

    def score(
        self, predictions: Sequence[Prediction], split: Split, labels: tuple[str, ...], seed: int = SEED
    ) -> Scores:
        """Accuracy of the predictions on the images of `split` that have annotations.

        `labels` are the model's; the caller has mapped the dataset's classes to them. `seed` is that of the bootstrap:
        models must be compared with equal seeds.
        """
        ...
