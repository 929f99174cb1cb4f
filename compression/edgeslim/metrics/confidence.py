"""What scores are worth: calibration, figures over the threshold, and how far scores moved between two models.

A claim is a detection, right if it has an object of its class at IoU 0.50 by COCO's matching (what is matched to a
crowd is no claim), or a classifier's likeliest class for an image. Objects are what can be found: annotations, or
images.

The expected calibration error (ECE) is the mean distance between score and share of right claims over bins of the
score, weighted by claims: Guo et al., On Calibration of Modern Neural Networks, ICML 2017; for detections with
precision in place of accuracy: Küppers et al., Multivariate Confidence Calibration for Object Detection, CVPRW 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.detections import Annotations, BoolArray, Detections, Doubles, FloatArray, IntArray
from edgeslim.metrics.bootstrap import Bounds, Resampled, interval, resample_weights
from edgeslim.metrics.fidelity import diff
from edgeslim.metrics.matching import match, ranked_scores

BINS = 10
FLOOR = 0.05
"""Claims with lower scores are left out of calibration and shifts: nobody sets a threshold there."""
THRESHOLDS: FloatArray = (np.arange(1, 100) / 100).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Claims:
    """N claims of one model about I images."""

    image: IntArray
    """(N,)"""
    score: FloatArray
    """(N,)"""
    right: BoolArray
    """(N,)"""
    objects: IntArray
    """(I,) of each image."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The claims with scores in [low, high): how many, their mean score, and the share that is right."""

    low: float
    high: float
    claims: int
    score: float | None
    right: float | None


def detected(truths: Sequence[Annotations], predictions: Sequence[Detections], classes: int) -> Claims:
    matches = match(truths, predictions, classes)
    counted = ~matches.ignored[0, 0]
    scores = ranked_scores(predictions).astype(np.float32)
    return Claims(
        matches.image[counted],
        scores[counted],
        matches.correct[0, 0][counted],
        matches.objects[0].sum(axis=0),
    )


def classified(probabilities: FloatArray, truth: IntArray) -> Claims:
    """Of probabilities (N, C) and classes (N,)."""
    images = np.arange(len(truth))
    right: BoolArray = probabilities.argmax(axis=1) == truth
    return Claims(images, probabilities.max(axis=1).astype(np.float32), right, np.ones(len(truth), np.int64))


def reliability(claims: Claims, bins: int = BINS) -> tuple[tuple[Bin, ...], Resampled | None]:
    """The bins, and the ECE with its resamples over images; None without claims from `FLOOR` on."""
    sums = _binned(claims, bins)
    total = sums.sum(axis=1)
    rows = tuple(
        Bin(
            place / bins,
            (place + 1) / bins,
            int(count),
            float(score / count) if count else None,
            float(right / count) if count else None,
        )
        for place, (count, score, right) in enumerate(total.T)
    )
    if not total[0].sum():
        return rows, None
    images = len(claims.objects)
    drawn = np.einsum("kib,ir->kbr", sums, resample_weights(images).astype(np.float64), optimize=True)
    return rows, Resampled(float(_ece(total[:, :, None])[0]), _ece(drawn), images)


def _binned(claims: Claims, bins: int) -> Doubles:
    """(3, I, bins): claims, sum of scores, right claims."""
    kept = claims.score >= np.float32(FLOOR)
    place = np.minimum((claims.score[kept] * bins).astype(np.int64), bins - 1)
    sums = np.zeros((3, len(claims.objects), bins))
    for row, value in enumerate((np.ones(kept.sum()), claims.score[kept], claims.right[kept])):
        np.add.at(sums[row], (claims.image[kept], place), value)
    return sums


def _ece(sums: Doubles) -> Doubles:
    """(3, bins, R) → (R,)"""
    count, score, right = sums
    total = count.sum(axis=0)
    error: Doubles = np.divide(
        np.abs(score - right).sum(axis=0), total, out=np.full(len(total), np.nan), where=total > 0
    )
    return error


@dataclass(frozen=True, slots=True)
class Curves:
    """Figures over `THRESHOLDS` (T), and F1 on resamples of the images."""

    right: IntArray
    """(T,) claims from the threshold on that are right."""
    claims: IntArray
    """(T,)"""
    precision: Doubles
    """(T,) NaN where nothing is claimed."""
    recall: Doubles
    f1: Doubles
    resampled_f1: Doubles
    """(T, R)"""
    images: int

    @property
    def best(self) -> float:
        """The threshold with the largest F1, the lowest of several."""
        return float(THRESHOLDS[int(self.f1.argmax())])

    @property
    def best_ci95(self) -> Bounds | None:
        return interval(THRESHOLDS[self.resampled_f1.argmax(axis=0)].astype(np.float64))

    def f1_at(self, threshold: float) -> Resampled:
        place = place_of(threshold)
        return Resampled(float(self.f1[place]), self.resampled_f1[place], self.images)


def place_of(threshold: float) -> int:
    """Of the threshold nearest to it."""
    return int(np.abs(THRESHOLDS - np.float32(threshold)).argmin())


def curves(claims: Claims) -> Curves:
    images = len(claims.objects)
    right, all_ = (_from_thresholds(claims, chosen) for chosen in (claims.right, np.ones_like(claims.right)))
    weights = resample_weights(images)
    true, claimed, objects = right.sum(axis=0), all_.sum(axis=0), claims.objects.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        return Curves(
            true,
            claimed,
            true / claimed,
            true / objects,
            _f1(true, claimed, objects),
            _f1(right.T @ weights, all_.T @ weights, claims.objects @ weights),
            images,
        )


def _from_thresholds(claims: Claims, chosen: BoolArray) -> IntArray:
    """(I, T) chosen claims with a score from each threshold on."""
    reached = np.searchsorted(THRESHOLDS, claims.score[chosen], side="right")
    counts = np.zeros((len(claims.objects), len(THRESHOLDS) + 1), np.int64)
    np.add.at(counts, (claims.image[chosen], reached), 1)
    return np.cumsum(counts[:, ::-1], axis=1)[:, -2::-1]


def _f1(right: IntArray, claimed: IntArray, objects: IntArray) -> Doubles:
    both = claimed + objects
    f1: Doubles = np.divide(2 * right, both, out=np.zeros(np.shape(both)), where=both > 0)
    return f1


@dataclass(frozen=True, slots=True)
class Shift:
    """The median change of the score, second − first, over boxes that both models see (or over images)."""

    median: float
    ci95: Bounds | None
    pairs: int


def box_shift(before: Sequence[Detections], after: Sequence[Detections], confidence: float) -> Shift | None:
    """Of boxes of the same class at IoU ≥ 0.50, where either score reaches `confidence`; None without any.

    Either one: if the first model's alone decided, its luckiest scores would be chosen, and seem to fall.
    """
    images, changes = [], []
    for image, (first, second) in enumerate(zip(before, after, strict=True)):
        fates = diff(first, second, confidence=FLOOR)
        pairs = np.concatenate([fates.kept, fates.moved])
        scores = np.stack([first.scores[pairs[:, 0]], second.scores[pairs[:, 1]]], axis=1).astype(np.float64)
        scores = scores[scores.max(axis=1, initial=0.0) >= confidence]
        images += [image] * len(scores)
        changes += (scores[:, 1] - scores[:, 0]).tolist()
    return shift(np.array(changes), np.array(images, np.int64), len(before))


def shift(changes: Doubles, image: IntArray, images: int) -> Shift | None:
    """The median of changes (P,) in images (P,), with its interval over resamples of the `images`."""
    if len(changes) == 0:
        return None
    order = np.argsort(changes, kind="stable")
    values = changes[order]
    reached = np.cumsum(resample_weights(images)[image[order]], axis=0)
    median = values[(2 * reached >= reached[-1]).argmax(axis=0)]
    return Shift(float(np.median(changes)), interval(median[reached[-1] > 0]), len(changes))
