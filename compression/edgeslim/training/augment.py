"""Mild augmentation of a batch: zoom, shift, stretch and colour. No flips: signs carry text and arrows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from edgeslim.detections import Annotations, Target

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
