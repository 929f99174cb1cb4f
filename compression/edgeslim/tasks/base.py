"""A task combines preparation of images, decoding of outputs, the loss and metrics: detection or classification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from PIL import Image as Pillow

from edgeslim.datasets.base import Split
from edgeslim.detections import Detections, FloatArray, Image
from edgeslim.errors import RecipeError
from edgeslim.metrics.bootstrap import SEED, Resampled
from edgeslim.models.base import ModelSpec
from edgeslim.models.families import FAMILIES
from edgeslim.models.families.base import Loss
from edgeslim.tasks.resizing import resized

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


def prepare(image: Image, spec: ModelSpec) -> Prepared:
    """Resize, pad, order colours and normalise: tensor (1, C, input_height, input_width), C = 1 for GRAY."""
    height, width = image.shape[:2]
    new_width, new_height, left, top = _placement(width, height, spec)
    pixels = _resized(image, new_width, new_height, spec)
    if spec.color == "BGR":
        pixels = pixels[:, :, ::-1]
    channels = pixels.shape[2]
    gain = (spec.scale / np.array(spec.std[:channels])).astype(np.float32)[:, None, None]
    shift = (np.array(spec.mean[:channels]) / np.array(spec.std[:channels])).astype(np.float32)[:, None, None]
    planes = pixels.transpose(2, 0, 1)
    tensor = np.empty((1, channels, spec.input_height, spec.input_width), np.float32)
    if planes.shape != tensor.shape[1:]:
        tensor[0] = np.float32(spec.pad_value) * gain - shift
    inside = tensor[0, :, top : top + new_height, left : left + new_width]
    np.multiply(planes, gain, out=inside)
    inside -= shift
    return Prepared(tensor, new_width / width, new_height / height, left, top, width, height)


def to_image(boxes: FloatArray, prepared: Prepared) -> FloatArray:
    """Boxes (N, 4) xyxy in network-input pixels → image pixels, clipped to the image."""
    offset = np.array([prepared.offset_x, prepared.offset_y] * 2, np.float32)
    scale = np.array([prepared.scale_x, prepared.scale_y] * 2, np.float32)
    limit = np.array([prepared.width, prepared.height] * 2, np.float32)
    clipped: FloatArray = np.clip((boxes - offset) / scale, 0, limit).astype(np.float32)
    return clipped


def _placement(width: int, height: int, spec: ModelSpec) -> tuple[int, int, int, int]:
    """Size of the resized image and its left and top in the network's input."""
    if spec.resize == "stretch":
        return spec.input_width, spec.input_height, 0, 0
    ratio = min(spec.input_width / width, spec.input_height / height)
    # The axis that fits exactly must not lose a pixel to binary fractions.
    new_width, new_height = (max(1, int(side * ratio + 1e-6)) for side in (width, height))
    if spec.resize == "letterbox_corner":
        return new_width, new_height, 0, 0
    return new_width, new_height, (spec.input_width - new_width) // 2, (spec.input_height - new_height) // 2


def _resized(image: Image, width: int, height: int, spec: ModelSpec) -> Image:
    """(height, width, 3), or (height, width, 1) of the luma (ITU-R 601) for GRAY."""
    if spec.color == "GRAY":
        image = np.asarray(Pillow.fromarray(image).convert("L"))[:, :, None]
    return resized(image, width, height, spec.resize_filter)


def loss_for(spec: ModelSpec) -> Loss | None:
    """The loss of the specification's family, or None if it has none. Torch is imported when the loss is computed."""
    family = "classifier" if spec.task == "classification" else spec.family
    return FAMILIES.get(family).loss if family in FAMILIES else None


def required_loss(spec: ModelSpec) -> Loss:
    """The loss of the specification's family. Raises RecipeError (code 'family_without_loss') if it has none."""
    loss = loss_for(spec)
    if loss is None:
        raise RecipeError("family_without_loss", family=spec.family)
    return loss
