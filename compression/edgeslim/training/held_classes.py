"""Classes that the labels of the training images say nothing of are held as the original knows them.

What the original surely sees of them is no background, and their scores are taught by its own (knowledge distillation,
arXiv 1503.02531; for detectors that learn new data without forgetting: arXiv 1708.06977).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from edgeslim.detections import Annotations, Target
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.places import decoded
from edgeslim.training.network import Network

SURE = 0.4
"""Score from which what the original sees is taken for an object."""
TINY = 1e-6


class HeldClasses:
    """`classes` are indices of the original's labels."""

    def __init__(self, original: nn.Module, classes: Sequence[int], spec: ModelSpec) -> None:
        self._original, self._classes, self._spec = original.eval().requires_grad_(False), list(classes), spec
        self._network: Network | None = None

    def seen(self, images: Tensor) -> list[Tensor]:
        """The original's outputs for a batch (B, C, H, W)."""
        if self._network is None:
            self._network = Network(self._original.to(images.device), images[:1])
        with torch.no_grad():
            return self._network(images)

    def completed(self, targets: Sequence[Target], seen: Sequence[Tensor]) -> list[Target]:
        """The targets with a crowd, which is neither object nor background, where the original sees a held class."""
        places = decoded(seen, self._spec) if self._spec.task == "detection" else None
        if places is None:
            return list(targets)
        sure = places.scores[..., self._classes].amax(dim=-1) >= SURE
        return [
            _with_crowds(target, places.boxes[row][sure[row]].cpu().numpy())
            for row, target in enumerate(targets)
        ]

    def loss(self, outputs: Sequence[Tensor], seen: Sequence[Tensor]) -> Tensor:
        """Kullback–Leibler divergence of the held classes' scores from the original's, summed over places and classes,
        per image.
        """
        own, wanted = (self._scores(each)[..., self._classes] for each in (outputs, seen))
        present = wanted * (wanted.log() - own.log())
        absent = (1 - wanted) * ((-wanted).log1p() - (-own).log1p())
        return (present + absent).sum() / len(own)

    def _scores(self, outputs: Sequence[Tensor]) -> Tensor:
        """(B, places, labels), apart from 0 and 1."""
        if self._spec.task == "classification":
            scores = outputs[0].flatten(1).softmax(-1)[:, None]
        else:
            places = decoded(outputs, self._spec)
            assert places is not None, "a family with a loss has places"
            scores = places.scores
        return scores.clamp(TINY, 1 - TINY)


def _with_crowds(target: Target, boxes: np.ndarray) -> Target:
    if not isinstance(target, Annotations) or not len(boxes):
        return target
    crowds = Annotations.of(boxes.astype(np.float32), np.zeros(len(boxes), np.int64))
    return Annotations(
        np.concatenate([target.boxes, crowds.boxes]),
        np.concatenate([target.classes, crowds.classes]),
        np.concatenate([target.crowd, np.ones(len(boxes), np.bool_)]),
        np.concatenate([target.area, crowds.area]),
    )
