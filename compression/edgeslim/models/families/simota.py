"""SimOTA: each object takes the places that cost it least, as many as its best boxes overlap it.

Source: YOLOX, arXiv 2107.08430, and `get_assignments` of github.com/Megvii-BaseDetection/YOLOX.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edgeslim.models.families.dense_loss import pairwise_iou

RADIUS = 1.5
"""Candidates lie at most so many strides from the object's centre."""
OVERLAPS = 10
"""So many of the largest overlaps, summed, are the number of places of an object."""
IOU_WEIGHT = 3.0
FAR = 1e5
"""Cost of a place that is no candidate of this object, only of another."""
TINY = 1e-8


@dataclass(frozen=True, slots=True)
class Assigned:
    """`owner` (N,): index of the place's object, -1 for background. `overlap` (N,): IoU of its box with the object's."""

    owner: Tensor
    overlap: Tensor

    @property
    def positive(self) -> Tensor:
        return self.owner >= 0


@torch.no_grad()
def simota(scores: Tensor, boxes: Tensor, near: Tensor, truth: Tensor, classes: Tensor) -> Assigned:
    """Assign places to the objects of one image.

    `scores` (N, C) 0–1 and `boxes` (N, 4) are predicted; `truth` (M, 4) and `classes` (M,) are the objects';
    `near` (M, N) tells which places may belong to which object.
    """
    owner = torch.full((len(boxes),), -1, dtype=torch.int64, device=boxes.device)
    overlap = boxes.new_zeros(len(boxes))
    (found,) = near.any(dim=0).nonzero(as_tuple=True)
    if not len(found):
        return Assigned(owner, overlap)
    iou = pairwise_iou(truth[None], boxes[None, found])[0]
    cost = _class_cost(scores[found], classes) - IOU_WEIGHT * (iou + TINY).log() + FAR * ~near[:, found]
    counts = iou.topk(min(OVERLAPS, len(found)), dim=1).values.sum(dim=1).int().clamp(min=1)
    ranks = cost.argsort(dim=1).argsort(dim=1)
    taken = (ranks < counts[:, None]) & near[:, found]
    object_ = torch.where(taken, cost, torch.inf).argmin(dim=0)
    wanted = taken.any(dim=0)
    owner[found[wanted]] = object_[wanted]
    overlap[found[wanted]] = iou[object_[wanted], wanted.nonzero(as_tuple=True)[0]]
    return Assigned(owner, overlap)


def around_centres(centres: Tensor, strides: Tensor, truth: Tensor) -> Tensor:
    """(M, N) bool: places (N, 2) within RADIUS strides of the objects' centres."""
    middle = (truth[:, :2] + truth[:, 2:]) / 2
    return (centres[None] - middle[:, None]).abs().amax(dim=-1) < RADIUS * strides[None]


def _class_cost(scores: Tensor, classes: Tensor) -> Tensor:
    """(M, N): binary cross-entropy of the root of the scores against each object's class, summed over classes."""
    chance = scores.clamp(TINY, 1 - TINY).sqrt().clamp(max=1 - 1e-6)
    absent = -(-chance).log1p()
    own = chance[:, classes].T
    return absent.sum(dim=1)[None] + (-own).log1p() - own.log()
