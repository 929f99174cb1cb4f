"""Training images at the network's input size: decoded and resized on first use, kept in memory, mildly augmented."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from edgeslim.datasets.base import Split
from edgeslim.detections import Annotations, Target
from edgeslim.models.base import ModelSpec
from edgeslim.tasks import task_for

ZOOM = (0.8, 1.35)
STRETCH = 0.08
BRIGHTNESS, CONTRAST, TINT = 0.2, 0.2, 0.06
VISIBLE = 0.5
"""An object keeps its label when at least this part of its box stays in the picture."""
SMALLEST = 4.0
"""… and when its sides stay at least this long, pixels."""


def augment(
    pixels: Tensor, targets: Sequence[Target], rng: np.random.Generator, *, move: bool, pad_value: float
) -> tuple[Tensor, list[Target]]:
    """Pixels (B, H, W, C) float 0–255 and targets → the same, changed. `move` False leaves the geometry alone."""
    batch, height, width, _ = pixels.shape
    moved = list(targets)
    if move:
        zoom = rng.uniform(*ZOOM, size=(batch, 1)) * (1 + rng.uniform(-STRETCH, STRETCH, size=(batch, 2)))
        shift = rng.uniform(-1, 1, size=(batch, 2)) * (np.abs(1 - zoom) / 2 + 0.05) * [width, height]
        pixels = _warp(pixels, zoom, shift, pad_value)
        moved = [_move(t, z, s, width, height) for t, z, s in zip(targets, zoom, shift, strict=True)]
    return _colour(pixels, rng), moved


def _warp(pixels: Tensor, zoom: np.ndarray, shift: np.ndarray, pad_value: float) -> Tensor:
    """Zoom about the centre, then shift by pixels; bilinear, `pad_value` outside."""
    _, height, width, _ = pixels.shape
    theta = np.zeros((len(zoom), 2, 3), np.float32)
    theta[:, [0, 1], [0, 1]] = 1 / zoom
    theta[:, :, 2] = -2 * shift / np.array([width, height]) / zoom
    images = (pixels - pad_value).permute(0, 3, 1, 2)
    grid = F.affine_grid(torch.from_numpy(theta).to(pixels.device), list(images.shape), align_corners=False)
    warped = F.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    return warped.permute(0, 2, 3, 1) + pad_value


def _move(target: Target, zoom: np.ndarray, shift: np.ndarray, width: int, height: int) -> Target:
    if not isinstance(target, Annotations):
        return target
    size = np.array([width, height, width, height], np.float32)
    factor, offset = np.tile(zoom, 2), np.tile(shift, 2)
    boxes = ((target.boxes - size / 2) * factor + size / 2 + offset).astype(np.float32)
    inside = np.clip(boxes, 0, size)
    area = np.prod(inside[:, 2:] - inside[:, :2], axis=1)
    whole = np.maximum(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), 1e-6)
    keep = (area / whole >= VISIBLE) & ((inside[:, 2:] - inside[:, :2]).min(axis=1) >= SMALLEST)
    return Annotations(inside[keep], target.classes[keep], target.crowd[keep], area[keep].astype(np.float32))


def _colour(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Contrast about each image's mean, brightness, and a slight tint per channel."""
    batch, _, _, channels = pixels.shape

    def draw(spread: float, columns: int) -> Tensor:
        values = rng.uniform(-spread, spread, size=(batch, 1, 1, columns)).astype(np.float32)
        return 1 + torch.from_numpy(values).to(pixels.device)

    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    gain = draw(CONTRAST, 1) * draw(TINT, channels)
    return (pixels * gain + (mean * draw(BRIGHTNESS, 1) - mean * gain)).clamp_(0, 255)


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
