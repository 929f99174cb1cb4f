"""Training images at the network's input size: decoded and resized on first use, then kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeslim.datasets.base import Split
from edgeslim.detections import Annotations, Target
from edgeslim.models.base import ModelSpec
from edgeslim.tasks import task_for

KEPT_BYTES = 2**30
"""Memory for decoded images; images beyond it are decoded at each use."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Pixels (N, H, W, C) uint8 at the network's input size and in its colour order; targets in input pixels."""

    pixels: NDArray[np.uint8]
    targets: tuple[Target, ...]

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint8], list[Target]]:
        """Pixels (B, H, W, C) and targets of these images."""
        return self.pixels[indices], [self.targets[index] for index in indices]


class SplitExamples:
    """The same, read from a split: an image is read when it is first taken."""

    def __init__(self, split: Split, spec: ModelSpec, kept_bytes: int = KEPT_BYTES) -> None:
        self._split, self._spec, self._prepare = split, spec, task_for(spec).prepare
        self._shape = (spec.input_height, spec.input_width, 1 if spec.color == "GRAY" else 3)
        room = min(len(split), kept_bytes // int(np.prod(self._shape)))
        self._pixels = np.empty((room, *self._shape), np.uint8)
        self._targets: dict[int, Target] = {}

    def __len__(self) -> int:
        return len(self._split)

    def take(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.uint8], list[Target]]:
        """Pixels (B, H, W, C) and targets of these images. Raises DatasetError naming an unreadable image."""
        pixels = np.empty((len(indices), *self._shape), np.uint8)
        targets = []
        for row, index in enumerate(indices.tolist()):
            if index not in self._targets:
                pixels[row], target = self._read(index)
                if index < len(self._pixels):
                    self._pixels[index], self._targets[index] = pixels[row], target
            else:
                pixels[row], target = self._pixels[index], self._targets[index]
            targets.append(target)
        return pixels, targets

    def _read(self, index: int) -> tuple[NDArray[np.uint8], Target]:
        spec, channels = self._spec, self._shape[2]
        prepared = self._prepare(self._split.image(index), spec)
        gain = (np.array(spec.std[:channels]) / spec.scale).astype(np.float32)[:, None, None]
        shift = (np.array(spec.mean[:channels]) / spec.scale).astype(np.float32)[:, None, None]
        image = np.clip(np.rint(prepared.tensor[0] * gain + shift), 0, 255).astype(np.uint8)
        x, y = (prepared.scale_x, prepared.offset_x), (prepared.scale_y, prepared.offset_y)
        return image.transpose(1, 2, 0), _placed(self._split.target(index), x, y)


def normalise(pixels: Tensor, spec: ModelSpec) -> Tensor:
    """(B, H, W, C) float pixels 0–255 → the network's input (B, C, H, W), channels last in memory."""
    channels = pixels.shape[3]
    shift, gain = (torch.tensor(each[:channels], device=pixels.device) for each in (spec.mean, spec.std))
    return ((pixels * spec.scale - shift) / gain).permute(0, 3, 1, 2)


def batch_order(count: int, batch: int, seed: int) -> Callable[[int], NDArray[np.int64]]:
    """The image indices of a step: one shuffle per epoch, a function of the seed alone, so that runs can resume."""
    per_epoch = max(count // batch, 1)

    def indices(step: int) -> NDArray[np.int64]:
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng([seed, epoch]).permutation(count)
        return order[place * batch : (place + 1) * batch]

    return indices


def _placed(target: Target, x: tuple[float, float], y: tuple[float, float]) -> Target:
    """Boxes of the original image → input pixels (`pixel * scale + offset`)."""
    if not isinstance(target, Annotations):
        return target
    scale = np.array([x[0], y[0], x[0], y[0]], np.float32)
    offset = np.array([x[1], y[1], x[1], y[1]], np.float32)
    area = (target.area * x[0] * y[0]).astype(np.float32)
    return Annotations(target.boxes * scale + offset, target.classes, target.crowd, area)
