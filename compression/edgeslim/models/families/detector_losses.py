"""Losses for the outputs that published detectors have: scores after their sigmoid or softmax, boxes by any family.

Objects are assigned to places by SimOTA. Places in a crowd count neither as objects nor as background.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from edgeslim.detections import Target
from edgeslim.errors import RecipeError
from edgeslim.models.base import ModelSpec
from edgeslim.models.families.dense_loss import Truth, generalized_iou, inside, pad
from edgeslim.models.families.geometry import grid, size_of
from edgeslim.models.families.places import (
    class_probabilities,
    decoded_boxes,
    grid_strides,
    rows_and_heads,
)
from edgeslim.models.families.simota import Assigned, around_centres, simota

YOLOX_BOX_WEIGHT = 5.0
GFL_BOX_WEIGHT, GFL_BINS_WEIGHT = 2.0, 0.25
SSD_BOX_WEIGHT = 2.0
NEGATIVES = 3
"""Background places in the loss for each place with an object; the least certain ones. Source: SSD, arXiv 1512.02325."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """All places of a batch, the finest level first."""

    classes: Tensor
    """(B, N, C) probabilities; with the columns for 'no object' before them, if the head has such."""
    background: int
    """Number of these columns."""
    objectness: Tensor | None
    """(B, N) 0–1."""
    boxes: Tensor
    """(B, N, 4) xyxy, input pixels."""
    bins: Tensor | None
    """(B, N, 4·bins) logits of the distances to the edges, in strides."""
    centres: Tensor
    """(N, 2) of the cells, pixels."""
    strides: Tensor
    """(N,)"""

    @property
    def scores(self) -> Tensor:
        """(B, N, C) of the labels, objectness included."""
        labels = self.classes[..., self.background :]
        return labels if self.objectness is None else labels * self.objectness[..., None]


def objectness_loss(outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
    """YOLOX's: cross-entropy of objectness at every place; at objects, of the classes against the overlap, and 1 - IoU².

    Source: arXiv 2107.08430. Raises RecipeError (code 'outputs_without_places').
    """
    found = predicted(outputs, spec)
    assert found.objectness is not None, "a family with objectness"
    total, objects = found.boxes.sum() * 0, 0
    for image, assigned, truth, boxes, background in _images(found, pad(targets, found.boxes.device)):
        chance, place = found.objectness[image].clamp(0, 1), assigned.positive
        counted = place | background
        total = total + F.binary_cross_entropy(chance[counted], place[counted].float(), reduction="sum")
        if not place.any():
            continue
        owner = assigned.owner[place]
        wanted = F.one_hot(truth[owner], found.scores.shape[2]) * assigned.overlap[place, None]
        classes = found.classes[image, place].clamp(0, 1)
        total = total + F.binary_cross_entropy(classes, wanted.to(classes.dtype), reduction="sum")
        total = total + YOLOX_BOX_WEIGHT * (1 - _iou(found.boxes[image, place], boxes[owner]).square()).sum()
        objects += len(owner)
    return total / max(objects, 1)


def quality_loss(outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
    """Generalized focal loss: quality focal loss of scores, GIoU of boxes, distribution focal loss of their bins.

    Also for heads without bins, whose scores alone are of that kind (YOLOv8). Source: arXiv 2006.04388.
    Raises RecipeError (code 'outputs_without_places').
    """
    found = predicted(outputs, spec)
    quality = location = found.boxes.sum() * 0
    objects, weights = 0, found.boxes.new_zeros(())
    for image, assigned, truth, boxes, background in _images(found, pad(targets, found.boxes.device)):
        place = assigned.positive
        scores = found.classes[image].clamp(0, 1)
        wanted = torch.zeros_like(scores)
        owner = assigned.owner[place]
        wanted[place, truth[owner]] = assigned.overlap[place].to(wanted.dtype)
        counted = place | background
        entropy = F.binary_cross_entropy(scores[counted], wanted[counted], reduction="none")
        quality = quality + ((wanted - scores).detach()[counted].square() * entropy).sum()
        if not len(owner):
            continue
        weight = scores[place].detach().amax(dim=1)
        overlap = generalized_iou(found.boxes[image, place], boxes[owner])
        location = location + GFL_BOX_WEIGHT * ((1 - overlap) * weight).sum()
        if found.bins is not None:
            edges = _edges(found, place, boxes[owner], spec)
            error = distribution_focal(found.bins[image, place], edges)
            location = location + GFL_BINS_WEIGHT * (error.mean(dim=1) * weight).sum()
        objects, weights = objects + len(owner), weights + weight.sum()
    return quality / max(objects, 1) + location / weights.clamp(min=1e-6)


def multibox_loss(outputs: Sequence[Tensor], targets: Sequence[Target], spec: ModelSpec) -> Tensor:
    """SSD's: cross-entropy over classes and background with hard negatives, and GIoU, since anchors are not in the file.

    Places are those whose predicted box has its centre in the object. Source: arXiv 1512.02325, arXiv 1902.09630.
    Raises RecipeError (code 'outputs_without_places').
    """
    found = predicted(outputs, spec)
    total, objects = found.boxes.sum() * 0, 0
    for image, assigned, truth, boxes, background in _images(found, pad(targets, found.boxes.device)):
        place, chances = assigned.positive, found.classes[image].clamp(1e-7, 1 - 1e-7)
        owner = assigned.owner[place]
        if found.background:
            nothing = -chances[:, : found.background].sum(dim=1).clamp(max=1 - 1e-7).log()
        else:
            nothing = -(-chances).log1p().sum(dim=1)
        hardest = nothing[background & ~place].topk(
            min(NEGATIVES * max(len(owner), 1), int((background & ~place).sum()))
        )
        total = total + hardest.values.sum()
        if len(owner):
            own = chances[place, truth[owner] + found.background]
            overlap = generalized_iou(found.boxes[image, place], boxes[owner])
            total = total - own.log().sum() + SSD_BOX_WEIGHT * (1 - overlap).sum()
            objects += len(owner)
    return total / max(objects, 1)


def predicted(outputs: Sequence[Tensor], spec: ModelSpec) -> Predicted:
    """What the outputs (B, …) say at every place. Raises RecipeError (code 'outputs_without_places')."""
    found = rows_and_heads(outputs, spec)
    if found is None:
        raise RecipeError("outputs_without_places", family=spec.family)
    rows, unordered = found
    heads = sorted(unordered, key=lambda head: -rows[head.classes.output].shape[1])
    boxes = [decoded_boxes(head, rows, spec) for head in heads]
    known = [each for each in boxes if each is not None]
    places = torch.cat([class_probabilities(head, rows) for head in heads], 1)
    if len(known) < len(boxes):
        raise RecipeError("outputs_without_places", family=spec.family)
    strides = grid_strides(places.shape[1], spec)
    if strides:
        points, scales = (
            torch.tensor(each, device=places.device) for each in grid(size_of(spec), strides, 0.5)
        )
    else:  # boxes that say nothing of where they were predicted
        points, scales = places.new_zeros(0, 2), places.new_zeros(0)
    objectness = [head.objectness.of(rows)[..., 0] for head in heads if head.objectness is not None]
    bins = [head.bins.of(rows) for head in heads if head.bins is not None]
    return Predicted(
        classes=places,
        background=heads[0].background,
        objectness=torch.cat(objectness, 1) if objectness else None,
        boxes=torch.cat(known, 1),
        bins=torch.cat(bins, 1) if bins else None,
        centres=points,
        strides=scales,
    )


def distribution_focal(logits: Tensor, edges: Tensor) -> Tensor:
    """(N, 4) cross-entropies of distributions (N, 4·bins) with the two bins around each distance (N, 4) in strides."""
    bins = logits.shape[1] // 4
    wanted = edges.clamp(0, bins - 1.01)
    low = wanted.long()
    share = wanted - low
    flat = logits.reshape(-1, bins)
    below = F.cross_entropy(flat, low.reshape(-1), reduction="none").reshape(edges.shape)
    above = F.cross_entropy(flat, low.reshape(-1) + 1, reduction="none").reshape(edges.shape)
    return below * (1 - share) + above * share


def _images(found: Predicted, truth: Truth) -> Iterator[tuple[int, Assigned, Tensor, Tensor, Tensor]]:
    """Per image: its number, the assignment, classes (M,) and boxes (M, 4) of its objects, and (N,) which places are
    background unless they have an object.
    """
    for image in range(len(truth.boxes)):
        boxes, classes = truth.boxes[image][truth.real[image]], truth.classes[image][truth.real[image]]
        centres = found.centres
        if not len(centres):
            own = found.boxes[image].detach()
            centres = (own[:, :2] + own[:, 2:]) / 2
        near = (
            inside(centres, boxes)
            if not len(found.strides)
            else around_centres(centres, found.strides, boxes)
        )
        assigned = simota(found.scores[image].detach(), found.boxes[image].detach(), near, boxes, classes)
        yield image, assigned, classes, boxes, ~inside(centres, truth.crowds[image]).any(dim=0)


def _iou(first: Tensor, second: Tensor) -> Tensor:
    """(N, 4) and (N, 4) xyxy → (N,)."""
    low, high = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    areas = ((each[:, 2:] - each[:, :2]).clamp(min=0).prod(dim=-1) for each in (first, second))
    return shared / (sum(areas) - shared).clamp(min=1e-9)


def _edges(found: Predicted, place: Tensor, boxes: Tensor, spec: ModelSpec) -> Tensor:
    """(K, 4) distances of the places' points to the edges of their objects, in strides."""
    from edgeslim.models.families.base import FAMILIES

    shift = (FAMILIES.get(spec.family).offset - 0.5) * found.strides[place, None]
    points = found.centres[place] + shift
    return torch.cat([points - boxes[:, :2], boxes[:, 2:] - points], 1) / found.strides[place, None]
