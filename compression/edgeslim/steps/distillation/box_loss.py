"""The distance of a detector from its teacher: scores everywhere, boxes where the teacher detects an object."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from edgeslim.models.base import ModelSpec
from edgeslim.models.families.base import Columns, HeadColumns
from edgeslim.models.families.dense_loss import generalized_iou
from edgeslim.models.families.places import Places, class_probabilities, decoded_boxes, label_scores
from edgeslim.steps.distillation.config import DistillationConfig

BOX_WEIGHT = 10.0
"""Weight of boxes relative to scores: few places have boxes, and mAP requires tight ones."""
_TINY = 1e-6


def by_heads(
    own: Sequence[Tensor],
    wanted: Sequence[Tensor],
    heads: Sequence[HeadColumns],
    spreads: Sequence[Sequence[Tensor]],
    spec: ModelSpec,
    config: DistillationConfig,
) -> Tensor:
    """Loss of rows of equal layout, per unit of the teacher's confidence.

    Scores: binary cross-entropy minus the teacher's entropy, weighted from `config.background` where the teacher detects
    nothing to 1 where it is certain. Boxes, weighted by its confidence: for bins the KL divergence (localization
    distillation, arXiv 2102.12252); for numbers smooth L1 in units of `spreads`, or for 'overlap' 1 - generalized IoU.
    """
    total, mass = own[0].new_zeros(()), own[0].new_zeros(())
    for head, spread in zip(heads, spreads, strict=True):
        classes = class_probabilities(head, wanted)
        confidence = _confidence(head, wanted)
        mass = mass + confidence.sum()
        divergence = _divergence(head.classes.of(own), classes, logits=head.logits).sum(2)
        if head.objectness is not None:
            objectness = head.objectness.of(wanted)[..., 0].clamp(0, 1)
            seen = _divergence(head.objectness.of(own)[..., 0], objectness, logits=False)
            divergence = divergence * objectness + seen
        total = total + (divergence * _weight(confidence, config)).sum()
        boxes = _overlap_loss(head, own, wanted, spec) if config.boxes == "overlap" else None
        if boxes is not None:
            total = total + BOX_WEIGHT * (boxes * confidence).sum()
        for columns, unit in zip(head.numbers, spread, strict=True):
            if boxes is not None and columns.width == 4:
                continue
            difference = (columns.of(own) - columns.of(wanted)) / unit
            far = F.smooth_l1_loss(difference, torch.zeros_like(difference), reduction="none").mean(2)
            total = total + BOX_WEIGHT * (far * confidence).sum()
        if head.bins is not None:
            far = _bins_divergence(head.bins.of(own), head.bins.of(wanted))
            total = total + BOX_WEIGHT * (far * confidence).sum()
    return total / mass.clamp(min=float(len(own[0])))


def by_places(own: Places, wanted: Places, config: DistillationConfig) -> Tensor:
    """Loss of detectors with different output layouts, per unit of the teacher's confidence.

    Scores as in `by_heads`, boxes by 1 - generalized IoU.
    """
    confidence = wanted.scores.amax(2)
    scores = _divergence(own.scores, wanted.scores, logits=False).sum(2) * _weight(confidence, config)
    boxes = _box_distance(own.boxes, wanted.boxes) * confidence
    return (scores.sum() + BOX_WEIGHT * boxes.sum()) / confidence.sum().clamp(min=float(len(confidence)))


def spread(rows: Sequence[Tensor], head: HeadColumns, columns: Columns) -> Tensor:
    """(columns,) standard deviation over places, weighted by confidence, so that it is that of objects' boxes."""
    weight = _confidence(head, rows)[..., None]
    values: Tensor = columns.of(rows)
    total = weight.sum().clamp(min=_TINY)
    mean = (values * weight).sum((0, 1)) / total
    deviation = (((values - mean).square() * weight).sum((0, 1)) / total).sqrt()
    return deviation.clamp(min=_TINY)


def _confidence(head: HeadColumns, rows: Sequence[Tensor]) -> Tensor:
    """(B, places): score of the best class, times objectness."""
    return label_scores(head, rows).amax(2)


def _weight(confidence: Tensor, config: DistillationConfig) -> Tensor:
    return config.background + (1 - config.background) * confidence


def _overlap_loss(
    head: HeadColumns, own: Sequence[Tensor], wanted: Sequence[Tensor], spec: ModelSpec
) -> Tensor | None:
    """(B, places); None for heads with bins, and where boxes cannot be decoded."""
    mine = None if head.bins is not None else decoded_boxes(head, own, spec)
    theirs = None if mine is None else decoded_boxes(head, wanted, spec)
    return None if mine is None or theirs is None else _box_distance(mine, theirs)


def _box_distance(own: Tensor, wanted: Tensor) -> Tensor:
    """(B, places) 1 - generalized IoU; 0 where the wanted box is empty."""
    distance = 1 - generalized_iou(own.reshape(-1, 4), wanted.reshape(-1, 4)).reshape(own.shape[:2])
    return distance * (wanted[..., 2:] > wanted[..., :2]).all(-1)


def _divergence(own: Tensor, wanted: Tensor, *, logits: bool) -> Tensor:
    """Binary KL divergence of each entry from the wanted probability."""
    if logits:
        cross = F.binary_cross_entropy_with_logits(own, wanted, reduction="none")
    else:
        chance, wanted = (each.clamp(_TINY, 1 - _TINY) for each in (own, wanted))
        cross = -(wanted * chance.log() + (1 - wanted) * (1 - chance).log())
    entropy = -(torch.xlogy(wanted, wanted) + torch.xlogy(1 - wanted, 1 - wanted))
    return cross - entropy


def _bins_divergence(own: Tensor, wanted: Tensor) -> Tensor:
    """(B, places): mean over the four edges of the KL divergence of their distributions."""
    targets = F.log_softmax(wanted.reshape(*wanted.shape[:2], 4, -1), 3)
    logs = F.log_softmax(own.reshape(*own.shape[:2], 4, -1), 3)
    return (targets.exp() * (targets - logs)).sum(3).mean(2)
