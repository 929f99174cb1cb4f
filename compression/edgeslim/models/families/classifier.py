"""Classifiers: one output [1, C] of logits or probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.detections import FloatArray, Target
from edgeslim.errors import ModelError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import FAMILIES, Family, Loss, Output, Shape, feeding

if TYPE_CHECKING:
    from torch import Tensor

_IMAGENET_CLASSES = 1000
_UNKNOWN = -1
_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


class Classifier(Family):
    """Input values from 0 to 1; with ImageNet's mean and deviation if there are 1000 classes."""

    name = "classifier"
    task = "classification"
    nms = False
    conventions = feeding(scale=1 / 255, resize_filter="antialiased")

    def recognise(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> dict[str, Any] | None:
        hints = super().recognise(shapes, input_hw)
        if hints and len(hints["labels"]) == _IMAGENET_CLASSES:
            return {**hints, **_IMAGENET}
        return hints

    def match(self, shapes: Sequence[Shape], input_hw: tuple[int, int]) -> tuple[tuple[int, ...], int] | None:
        if len(shapes) == 1 and len(shapes[0]) == 2 and shapes[0][0] == 1 and shapes[0][1] > 1:
            return (), shapes[0][1]
        return None

    @property
    def loss(self) -> Loss:
        return cross_entropy


def cross_entropy(outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
    """Mean cross-entropy of logits (B, C), the only output, against class indices, one per image.

    An image of a class that the model does not know (None) teaches nothing; without any other the loss is 0. Raises
    ModelError (code 'classifier_outputs') for a network with several outputs.
    """
    import torch

    if len(outputs) != 1:
        raise ModelError("classifier_outputs", outputs=len(outputs))
    logits = outputs[0].flatten(1)
    known = [target if isinstance(target, int) else _UNKNOWN for target in targets]
    labels = torch.tensor(known, device=logits.device)
    if not (labels != _UNKNOWN).any():
        return logits.sum() * 0
    return torch.nn.functional.cross_entropy(logits, labels, ignore_index=_UNKNOWN)


def probabilities(outputs: Sequence[Output]) -> FloatArray:
    """(C,) class probabilities of one image: the output itself if it is a distribution, else its softmax."""
    values = outputs[0].reshape(-1).astype(np.float64)
    if not ((values >= 0).all() and abs(values.sum() - 1) < 1e-3):
        values = np.exp(values - values.max())
        values /= values.sum()
    return values.astype(np.float32)


FAMILIES.add(Classifier())
