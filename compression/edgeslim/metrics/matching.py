"""Matching of detections to objects by the COCO protocol, done once; all figures are made from it.

Protocol (cocodataset.org/#detection-eval, pycocotools' cocoeval.py): 10 IoU thresholds 0.50:0.05:0.95, four
area ranges, at most 100 detections of a class in an image; best scores choose first, each the free object
with the largest IoU; crowds are ignored and may be matched again and again; a detection matched to an ignored
object, or unmatched and outside the area range, counts neither for nor against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Annotations, BoolArray, Detections, Doubles, IntArray

IOU_THRESHOLDS: Doubles = np.linspace(0.5, 0.95, 10)
AREAS = ("all", "small", "medium", "large")
AREA_RANGES: Doubles = np.array([(0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10)])
"""px², both ends inclusive."""
MAX_DETECTIONS = 100
"""Of one class in one image."""


@dataclass(frozen=True, slots=True)
class Matches:
    """N detections of one model, sorted by class and then by falling score (A area ranges, T IoU thresholds).

    Small enough to be stored: `np.savez_compressed(path, **matches.arrays())`, `Matches.of(np.load(path))`.
    """

    image: IntArray
    """(N,) index of the image."""
    first: IntArray
    """(K + 1,) the detections of class k are first[k] … first[k + 1] - 1."""
    correct: BoolArray
    """(A, T, N) matched to an object of the area range."""
    ignored: BoolArray
    """(A, T, N) counts neither for nor against."""
    objects: IntArray
    """(A, K, I) objects of the area range in each image, crowds not counted."""

    @property
    def images(self) -> int:
        return int(self.objects.shape[2])

    @property
    def classes(self) -> int:
        return int(self.objects.shape[1])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """By field name, for npz."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def of(arrays: Any) -> Matches:
        """From a mapping of field names to arrays (a dict or an open npz file)."""
        return Matches(**{field.name: arrays[field.name] for field in fields(Matches)})


def match(truths: Sequence[Annotations], predictions: Sequence[Detections], classes: int) -> Matches:
    """Match every image's detections to its annotations. Classes run from 0 to `classes` - 1 on both."""
    assert len(truths) == len(predictions), "one prediction for every image"
    images = len(truths)
    gt_image = _image_index(truths)
    gt_class = _joined([truth.classes for truth in truths], np.int64)
    gt_box = _joined([truth.boxes for truth in truths], np.float64, (4,))
    crowd = _joined([truth.crowd for truth in truths], np.bool_)
    gt_area = _joined([truth.area for truth in truths], np.float64)
    gt_ignored = crowd | _outside(gt_area)

    image, label, box, score = _ranked(predictions)
    for known in (gt_class, label):
        assert ((known >= 0) & (known < classes)).all(), "a class without a label"
    correct, ignored = _match_pairs(
        _candidates(image * classes + label, box, gt_image * classes + gt_class, gt_box, crowd),
        image * classes + label,
        crowd,
        gt_ignored,
        len(image),
    )
    ignored |= ~correct & _outside(box[:, 2] * box[:, 3])[:, None, :]

    objects = np.zeros((len(AREAS), classes, images), np.int64)
    for area in range(len(AREAS)):
        counted = ~gt_ignored[area]
        np.add.at(objects[area], (gt_class[counted], gt_image[counted]), 1)
    order = np.lexsort((-score, label))
    first = np.searchsorted(label[order], np.arange(classes + 1))
    return Matches(image[order], first, correct[:, :, order], ignored[:, :, order], objects)


def ranked_scores(predictions: Sequence[Detections]) -> Doubles:
    """(N,) scores in the order of `Matches`."""
    _, label, _, score = _ranked(predictions)
    ranked: Doubles = score[np.lexsort((-score, label))]
    return ranked


def _ranked(
    predictions: Sequence[Detections],
) -> tuple[IntArray, IntArray, Doubles, Doubles]:
    """Image, class, box (xywh), score of each image's best 100 of a class, by image, class and rank."""
    image = _image_index(predictions)
    label = _joined([found.classes for found in predictions], np.int64)
    box = _xywh(_joined([found.boxes for found in predictions], np.float64, (4,)))
    score = _joined([found.scores for found in predictions], np.float64)
    order = np.lexsort((-score, label, image))
    image, label, box, score = image[order], label[order], box[order], score[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(image) != 0) | (np.diff(label) != 0)][: len(image)])
    rank = np.arange(len(image)) - np.repeat(starts, np.diff(np.r_[starts, len(image)]))
    kept = rank < MAX_DETECTIONS
    return image[kept], label[kept], box[kept], score[kept]


def _candidates(
    group: IntArray, box: Doubles, gt_group: IntArray, gt_box: Doubles, crowd: BoolArray
) -> tuple[IntArray, IntArray, Doubles]:
    """Pairs (detection, object, IoU) of one image and class with an IoU of at least the lowest threshold."""
    by_group = np.argsort(gt_group, kind="stable")
    low = np.searchsorted(gt_group[by_group], group, side="left")
    counts = np.searchsorted(gt_group[by_group], group, side="right") - low
    detection = np.repeat(np.arange(len(group)), counts)
    within = np.arange(len(detection)) - np.repeat(np.cumsum(counts) - counts, counts)
    target = by_group[low[detection] + within]
    d, g = box[detection], _xywh(gt_box)[target]
    width = np.minimum(d[:, 0] + d[:, 2], g[:, 0] + g[:, 2]) - np.maximum(d[:, 0], g[:, 0])
    height = np.minimum(d[:, 1] + d[:, 3], g[:, 1] + g[:, 3]) - np.maximum(d[:, 1], g[:, 1])
    both = (width > 0) & (height > 0)
    shared = width * height
    area = d[:, 2] * d[:, 3]
    union = np.where(crowd[target], area, area + g[:, 2] * g[:, 3] - shared)
    iou = np.divide(shared, union, out=np.zeros_like(shared), where=both)
    near = iou >= IOU_THRESHOLDS[0]
    return detection[near], target[near], iou[near]


def _match_pairs(
    candidates: tuple[IntArray, IntArray, Doubles],
    group: IntArray,
    crowd: BoolArray,
    gt_ignored: BoolArray,
    detections: int,
) -> tuple[BoolArray, BoolArray]:
    """(A, T, N) correct, and matched to an ignored object. The r-th best of all groups choose together."""
    shape = (len(AREAS), len(IOU_THRESHOLDS))
    correct, ignored = np.zeros((*shape, detections), np.bool_), np.zeros((*shape, detections), np.bool_)
    taken = np.zeros((*shape, len(crowd)), np.bool_)
    detection, target, iou = candidates
    active, starts, counts = np.unique(detection, return_index=True, return_counts=True)
    _, group_start, group_of = np.unique(group[active], return_index=True, return_inverse=True)
    turn = np.arange(len(active)) - group_start[group_of]
    limits = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)[None, :, None, None]
    for now in range(int(turn.max(initial=-1)) + 1):
        chosen = np.flatnonzero(turn == now)
        width = np.arange(counts[chosen].max())
        # Of equal IoUs the protocol takes the last, argmax the first: so candidates run backwards.
        slot = starts[chosen, None] + counts[chosen, None] - 1 - width
        there = width < counts[chosen, None]
        slot = np.where(there, slot, 0)
        objects, overlap = target[slot], np.where(there, iou[slot], -1.0)
        free = (overlap >= limits) & (~taken[:, :, objects] | crowd[objects])
        counted = free & ~gt_ignored[:, None][:, :, objects]
        hit = counted.any(axis=-1)
        ahead = np.where(hit[..., None], counted, free)
        best = np.where(ahead, overlap, -1.0).argmax(axis=-1)
        found = free.any(axis=-1)
        who = active[chosen]
        correct[:, :, who] = hit
        ignored[:, :, who] = found & ~hit
        area, threshold, row = np.nonzero(found)
        taken[area, threshold, objects[row, best[area, threshold, row]]] = True
    return correct, ignored


def _image_index(items: Sequence[Annotations] | Sequence[Detections]) -> IntArray:
    return np.repeat(np.arange(len(items)), [len(item) for item in items])


def _joined(arrays: Sequence[NDArray[Any]], dtype: type, tail: tuple[int, ...] = ()) -> NDArray[Any]:
    return np.concatenate([np.zeros((0, *tail), dtype), *arrays]).astype(dtype)


def _xywh(boxes: Doubles) -> Doubles:
    """The protocol computes on x, y, width, height in double precision."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def _outside(area: Doubles) -> BoolArray:
    """(A, N): not in the area range."""
    return (area < AREA_RANGES[:, :1]) | (area > AREA_RANGES[:, 1:])
