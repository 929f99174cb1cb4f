"""AP at IoU 0.50 of detections that were judged, on the images and on resamples of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.detections import BoolArray, Doubles, IntArray
from edgeslim.metrics.detection import area_under

_BLOCK = 250
"""Resamples worked on at a time: bounds memory."""


@dataclass(frozen=True, slots=True)
class Judged:
    """(N,) detections of all images, and the objects of each class in each image (K, I)."""

    image: IntArray
    score: Doubles
    label: IntArray
    correct: BoolArray
    counted: BoolArray
    objects: IntArray

    def ap50(self, classes: IntArray) -> float | None:
        """COCO's AP at IoU 0.50, the mean over `classes`; 0 for one whose objects are all left out."""
        once = np.ones((self.objects.shape[1], 1), np.int64)
        found = [float(self._of_class(k, once)[0]) for k in classes.tolist()]
        return float(np.mean(found)) if found else None

    def resampled_ap50(self, weights: IntArray, known: BoolArray) -> Doubles:
        """The same on resamples (I, R) → (R,), the mean over the classes that are `known` (K, R) there; else NaN."""
        blocks = []
        for start in range(0, weights.shape[1], _BLOCK):
            drawn, there = weights[:, start : start + _BLOCK], known[:, start : start + _BLOCK]
            total = np.zeros(drawn.shape[1])
            for k in np.flatnonzero(there.any(axis=1)).tolist():
                total += np.where(there[k], self._of_class(k, drawn), 0.0)
            count = there.sum(axis=0)
            blocks.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
        return np.concatenate(blocks)

    def _of_class(self, k: int, weights: IntArray) -> Doubles:
        """AP of class k on each resample, by falling score; 0 without an object."""
        nothing = np.zeros(weights.shape[1])
        chosen = np.flatnonzero((self.label == k) & self.counted)
        ranked = chosen[np.argsort(-self.score[chosen], kind="stable")]
        hits = np.flatnonzero(self.correct[ranked])
        objects = self.objects[k] @ weights
        if len(hits) == 0 or not objects.any():
            return nothing
        drawn = weights[self.image[ranked[: hits[-1] + 1]]].astype(np.int32)
        counted = np.cumsum(drawn, axis=0, dtype=np.int32)[hits]
        true = np.cumsum(drawn[hits], axis=0, dtype=np.int32)
        return np.where(objects > 0, area_under(true, counted, objects), 0.0)


def resampled_gains(base: Judged, others: Sequence[Judged | None], weights: IntArray) -> list[Doubles]:
    """AP50 of each of `others` minus that of `base`, on resamples (R,); zeros for None, which corrects nothing.

    A class that `base` has no object of in a resample falls out of it for all.
    """
    known = (base.objects @ weights) > 0
    first = base.resampled_ap50(weights, known)
    return [
        np.zeros(weights.shape[1]) if other is None else other.resampled_ap50(weights, known) - first
        for other in others
    ]
