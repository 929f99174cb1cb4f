"""Training images in memory: decoded and resized once, as the network's own pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from compression.datasets.base import Split, Target
from compression.detections import Annotations
from compression.models.base import ModelSpec
from compression.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Examples:
    """Pixels (N, H, W, C) uint8 at the network's size and in its colour order; targets in the same pixels."""

    pixels: NDArray[np.uint8]
    targets: tuple[Target, ...]

    def __len__(self) -> int:
        return len(self.targets)


def load_examples(split: Split, spec: ModelSpec, progress: Progress = silent) -> Examples:
    """Read a whole split. Raises DatasetError naming an unreadable image; MemoryError is numpy's own."""
    from compression.tasks import task_for

    prepare = task_for(spec).prepare
    channels = 1 if spec.color == "GRAY" else 3
    pixels = np.empty((len(split), spec.input_height, spec.input_width, channels), np.uint8)
    shift, gain = np.array(spec.mean[:channels]), np.array(spec.std[:channels])
    targets = []
    for index in range(len(split)):
        prepared = prepare(split.image(index), spec)
        image = (prepared.tensor[0].transpose(1, 2, 0) * gain + shift) / spec.scale
        pixels[index] = np.clip(np.rint(image), 0, 255)
        x, y = (prepared.scale_x, prepared.offset_x), (prepared.scale_y, prepared.offset_y)
        targets.append(_placed(split.target(index), x, y))
        progress("reading_images", index + 1, len(split))
    return Examples(pixels, tuple(targets))


def normalise(pixels: Tensor, spec: ModelSpec) -> Tensor:
    """(B, H, W, C) float pixels 0–255 → (B, C, H, W) as the network takes them, channels last in memory."""
    channels = pixels.shape[3]
    shift, gain = torch.tensor(spec.mean[:channels]), torch.tensor(spec.std[:channels])
    return ((pixels * spec.scale - shift) / gain).permute(0, 3, 1, 2)


def batch_order(count: int, batch: int, seed: int) -> Callable[[int], NDArray[np.int64]]:
    """The image indices of any step: every epoch is one shuffle; a function of the seed alone, so runs resume."""
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
