"""A training loss for dense detectors: task-aligned assignment, soft-target BCE and generalized IoU.

Sources: TOOD (arXiv 2108.07755) for the assignment and the targets, VarifocalNet (arXiv 2008.13367) for the soft
targets, GIoU (arXiv 1902.09630) for the boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from edgeslim.detections import Annotations, Target

CANDIDATES = 10
"""Largest number of cells assigned to one object."""
SCORE_POWER, IOU_POWER = 0.5, 6.0
"""Exponents of score and overlap in the alignment of a cell with an object."""
BOX_WEIGHT = 4.0
NEGATIVE_WEIGHT = 0.75
EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Dense:
    """All cells of all levels: logits (B, A, C), boxes (B, A, 4) xyxy, centres (A, 2), strides (A,), input pixels."""

    logits: Tensor
    boxes: Tensor
    centres: Tensor
    strides: Tensor


@dataclass(frozen=True, slots=True)
class Truth:
    """Padded annotations: boxes (B, M, 4), classes (B, M), real (B, M) bool; `crowds`: boxes (K, 4) of each image's."""

    boxes: Tensor
    classes: Tensor
    real: Tensor
    crowds: tuple[Tensor, ...]


def dense_loss(dense: Dense, targets: Sequence[Target]) -> Tensor:
    """Scalar loss of a batch; `targets` are Annotations in input pixels, one per image.

    Cells in a crowd are neither objects of it nor background.
    """
    truth = pad(targets, dense.logits.device)
    wanted, boxes, weight = assign(dense, truth)
    scale = weight.sum().clamp(min=1.0)
    positive = weight > 0
    counted = positive | ~crowded(dense.centres, truth)
    classification = varifocal(dense.logits[counted], wanted[counted])
    overlap = generalized_iou(dense.boxes[positive], boxes[positive])
    location = ((1 - overlap) * weight[positive]).sum()
    return (classification + BOX_WEIGHT * location) / scale


def varifocal(logits: Tensor, wanted: Tensor) -> Tensor:
    """Summed BCE with soft targets, weighted by the target for positives and by 0.75 p² for negatives."""
    with torch.no_grad():
        weight = torch.where(wanted > 0, wanted, NEGATIVE_WEIGHT * logits.sigmoid().square())
    return F.binary_cross_entropy_with_logits(logits, wanted, weight, reduction="sum")


def pad(targets: Sequence[Target], device: torch.device | str = "cpu") -> Truth:
    """Stack annotations of different lengths, padded."""
    kept, crowds = [], []
    for target in targets:
        assert isinstance(target, Annotations), "a detector learns from annotated images"
        keep = ~target.crowd & (target.boxes[:, 2:] > target.boxes[:, :2]).all(axis=1)
        kept.append((target.boxes[keep], target.classes[keep]))
        crowds.append(torch.from_numpy(target.boxes[target.crowd]).to(device))
    most = max([len(classes) for _, classes in kept] + [1])
    boxes = np.zeros((len(kept), most, 4), np.float32)
    classes = np.zeros((len(kept), most), np.int64)
    real = np.zeros((len(kept), most), np.bool_)
    for row, (some_boxes, some_classes) in enumerate(kept):
        boxes[row, : len(some_boxes)] = some_boxes
        classes[row, : len(some_classes)] = some_classes
        real[row, : len(some_classes)] = True
    tensors = [torch.from_numpy(array).to(device) for array in (boxes, classes, real)]
    return Truth(tensors[0], tensors[1], tensors[2], tuple(crowds))


def crowded(centres: Tensor, truth: Truth) -> Tensor:
    """(B, A) bool: cells (A, 2) whose centre lies in a crowd of the image."""
    return torch.stack([inside(centres, each).any(dim=0) for each in truth.crowds])


def inside(points: Tensor, boxes: Tensor) -> Tensor:
    """(M, A) bool: points (A, 2) in boxes (M, 4)."""
    after = (points[None] > boxes[:, None, :2]).all(dim=-1)
    return after & (points[None] < boxes[:, None, 2:]).all(dim=-1)


@torch.no_grad()
def assign(dense: Dense, truth: Truth) -> tuple[Tensor, Tensor, Tensor]:
    """Assign objects to cells: target scores (B, A, C), boxes (B, A, 4), weights (B, A), 0 for background."""
    batch, cells, classes = dense.logits.shape
    index = truth.classes[:, :, None].expand(-1, -1, cells)
    scores = dense.logits.sigmoid().transpose(1, 2).gather(1, index)
    overlap = pairwise_iou(truth.boxes, dense.boxes)
    inside = _candidates(dense, truth)
    alignment = (scores.pow(SCORE_POWER) * overlap.pow(IOU_POWER) + EPSILON) * inside
    best, cell = alignment.topk(min(CANDIDATES, cells), dim=2)
    chosen = torch.zeros_like(alignment).scatter_(2, cell, (best > 0).to(alignment.dtype)) > 0
    owner = torch.where(chosen, overlap, -1.0).argmax(dim=1)
    owned = torch.zeros_like(chosen).scatter_(1, owner[:, None, :], chosen.any(dim=1, keepdim=True))
    alignment = alignment * owned
    strongest = alignment.amax(dim=2, keepdim=True).clamp(min=EPSILON)
    tightest = (overlap * owned).amax(dim=2, keepdim=True)
    weight = (alignment / strongest * tightest).amax(dim=1)
    rows = torch.arange(batch, device=weight.device)[:, None]
    wanted = weight.new_zeros(batch, cells, classes)
    wanted[rows, torch.arange(cells, device=weight.device)[None], truth.classes[rows, owner]] = weight
    return wanted, truth.boxes[rows, owner], weight


def _candidates(dense: Dense, truth: Truth) -> Tensor:
    """(B, M, A) bool: cells whose centre is in the box, and for every object the finest cell that contains its centre."""
    near = (dense.centres - truth.boxes[:, :, None, :2]).amin(dim=-1) > 0
    far = (truth.boxes[:, :, None, 2:] - dense.centres).amin(dim=-1) > 0
    middle = (truth.boxes[:, :, :2] + truth.boxes[:, :, 2:]) / 2
    reach = (dense.centres - middle[:, :, None]).abs().amax(dim=-1) / dense.strides
    holder = (reach <= 0.5) & (dense.strides == dense.strides.min())
    return ((near & far) | holder) & truth.real[:, :, None]


def pairwise_iou(first: Tensor, second: Tensor) -> Tensor:
    """(B, M, 4) and (B, A, 4) xyxy → (B, M, A)."""
    low = torch.maximum(first[:, :, None, :2], second[:, None, :, :2])
    high = torch.minimum(first[:, :, None, 2:], second[:, None, :, 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    union = _area(first)[:, :, None] + _area(second)[:, None] - shared
    return shared / union.clamp(min=EPSILON)


def generalized_iou(first: Tensor, second: Tensor) -> Tensor:
    """(N, 4) and (N, 4) xyxy → (N,), in [-1, 1]."""
    low, high = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    union = (_area(first) + _area(second) - shared).clamp(min=EPSILON)
    outer_low, outer_high = (
        torch.minimum(first[:, :2], second[:, :2]),
        torch.maximum(first[:, 2:], second[:, 2:]),
    )
    outer = (outer_high - outer_low).prod(dim=-1).clamp(min=EPSILON)
    return shared / union - (outer - union) / outer


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
