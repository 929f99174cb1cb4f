"""Detection accuracy: the COCO figures, and mAP on resamples of the images.

The figures equal faster-coco-eval's (and so pycocotools'): a test holds them to 1e-9. Its matches cannot be
read from Python, and resampling needs them; so the matching is done here, once (matching.py).

mAP of a resample is the mean over the classes that have an object in the resample, as the mAP of a data set
is the mean over the classes that it holds. A class that falls out of a resample falls out for both models of
a pair.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Doubles, IntArray
from edgeslim.metrics.bootstrap import SEED, Resampled, resample_weights
from edgeslim.metrics.matching import AREAS, IOU_THRESHOLDS, Matches

RECALL_THRESHOLDS: Doubles = np.linspace(0.0, 1.0, 101)
_BLOCK = 250
"""Resamples worked on at a time: bounds memory."""


def coco_scores(matches: Matches, labels: tuple[str, ...]) -> dict[str, Any]:
    """mAP, AP50, AP75, AP_small, AP_medium, AP_large, AR (None where there is no such object), by_class.

    AR is the recall at 100 detections of a class in an image, averaged over classes and IoU thresholds.
    `by_class` is the AP at IoU 0.50:0.95 of every label that has an object.
    """
    assert len(labels) == matches.classes, "one label for every class"
    once = np.ones((matches.images, 1), np.int64)
    precision, recall = _precision_and_recall(matches, once, "all")
    by_class = zip(labels, precision.mean(axis=1)[:, 0], strict=True)
    scores: dict[str, Any] = {
        "mAP": _figure(precision),
        "AP50": _figure(precision[:, :1]),
        "AP75": _figure(precision[:, 5:6]),
    }
    for area in AREAS[1:]:
        scores[f"AP_{area}"] = _figure(_precision_and_recall(matches, once, area)[0])
    scores["AR"] = _figure(recall)
    scores["by_class"] = {label: float(value) for label, value in by_class if np.isfinite(value)}
    return scores


def resampled_map(matches: Matches, weights: IntArray) -> Doubles:
    """mAP of each resample (resamples,), NaN where it holds no object. `weights` is (images, resamples)."""
    blocks = [
        _mean_over_classes(_precision_and_recall(matches, weights[:, start : start + _BLOCK], "all")[0])
        for start in range(0, weights.shape[1], _BLOCK)
    ]
    return np.concatenate(blocks)


def resampled(matches: Matches, seed: int = SEED) -> Resampled | None:
    """mAP with its resamples over images; None if no image holds an object."""
    once = np.ones((matches.images, 1), np.int64)
    value = float(resampled_map(matches, once)[0])
    if not np.isfinite(value):
        return None
    weights = resample_weights(matches.images, seed=seed)
    return Resampled(value, resampled_map(matches, weights), matches.images)


def resampled_by_class(matches: Matches) -> list[Resampled | None]:
    """AP at IoU 0.50:0.95 of each class, with its resamples over images; None for a class without an object."""
    value, drawn = _by_class(matches, "all")
    return [
        Resampled(float(each), resamples, matches.images) if np.isfinite(each) else None
        for each, resamples in zip(value[:, 0], drawn, strict=True)
    ]


def resampled_by_size(matches: Matches) -> dict[str, Resampled | None]:
    """mAP of objects of each size, with its resamples over images; None where there is no such object."""
    found: dict[str, Resampled | None] = {}
    for area in AREAS[1:]:
        value, drawn = (_mean(each) for each in _by_class(matches, area))
        figure = float(value[0])
        found[area] = Resampled(figure, drawn, matches.images) if np.isfinite(figure) else None
    return found


def _by_class(matches: Matches, area: str) -> tuple[Doubles, Doubles]:
    """AP (classes, 1) on the images, and on their resamples (classes, resamples)."""
    weights = resample_weights(matches.images)
    blocks = [weights[:, start : start + _BLOCK] for start in range(0, weights.shape[1], _BLOCK)]
    once, *drawn = (
        _precision_and_recall(matches, block, area)[0].mean(axis=1)
        for block in (np.ones((matches.images, 1), np.int64), *blocks)
    )
    return once, np.concatenate(drawn, axis=1)


def _precision_and_recall(matches: Matches, weights: IntArray, area: str) -> tuple[Doubles, Doubles]:
    """Average precision, largest recall: (classes, IoU thresholds, resamples), NaN where no object is.

    Precision falls at every false positive, so its running maximum from the right is reached at true
    positives: only those places are looked at, which are few.
    """
    index = AREAS.index(area)
    shape = (matches.classes, len(IOU_THRESHOLDS), weights.shape[1])
    precision, recall = np.zeros(shape), np.zeros(shape)
    objects = matches.objects[index] @ weights
    for k in range(matches.classes):
        of_class = slice(matches.first[k], matches.first[k + 1])
        drawn = weights[matches.image[of_class]].astype(np.int32)
        seen = np.cumsum(drawn, axis=0, dtype=np.int32)
        for t in range(len(IOU_THRESHOLDS)):
            hits = np.flatnonzero(matches.correct[index, t, of_class])
            if len(hits) == 0:
                continue
            counted = seen[hits]
            skipped = np.flatnonzero(matches.ignored[index, t, of_class])
            if len(skipped):
                passed = np.cumsum(drawn[skipped], axis=0, dtype=np.int32)
                before = np.searchsorted(skipped, hits)
                counted[before > 0] -= passed[before[before > 0] - 1]
            true = np.cumsum(drawn[hits], axis=0, dtype=np.int32)
            precision[k, t] = area_under(true, counted, objects[k])
            recall[k, t] = true[-1] / np.maximum(objects[k], 1)
    empty = np.broadcast_to((objects == 0)[:, None], shape)
    precision[empty] = recall[empty] = np.nan
    return precision, recall


def area_under(true: NDArray[np.int32], counted: NDArray[np.int32], objects: IntArray) -> Doubles:
    """101-point interpolated average precision at true positives (P, resamples) of `objects` (resamples,)."""
    precision = true / np.maximum(counted, 1)
    envelope = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    reached = np.searchsorted(RECALL_THRESHOLDS, true / np.maximum(objects, 1), side="right")
    steps = np.diff(reached, axis=0, prepend=0)
    area: Doubles = np.einsum("pb,pb->b", envelope, steps) / len(RECALL_THRESHOLDS)
    return area


def _mean_over_classes(values: Doubles) -> Doubles:
    """(classes, IoU thresholds, resamples) → (resamples,): mean over thresholds, then over known classes."""
    return _mean(values.mean(axis=1))


def _mean(by_class: Doubles) -> Doubles:
    """(classes, resamples) → (resamples,): mean over the classes that have an object."""
    there = np.isfinite(by_class)
    count = there.sum(axis=0)
    total = np.where(there, by_class, 0.0).sum(axis=0)
    mean: Doubles = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean


def _figure(values: Doubles) -> float | None:
    """(classes, IoU thresholds, 1) → one number, None where no class has an object."""
    mean = float(_mean_over_classes(values)[0])
    return mean if np.isfinite(mean) else None
