"""How two models differ in what they get wrong, on the same images: TIDE and confusion.

Differences are second − first. Intervals are 95 % and paired: both models on the same resamples of the images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.detections import Annotations, Detections, Doubles, IntArray, Target
from edgeslim.metrics.bootstrap import Bounds, Resampled, resample_weights
from edgeslim.metrics.confusion import confusion
from edgeslim.metrics.tide import KINDS, SIZES, Mistake, MistakeKind, Size, Tide, mistakes_of, tide
from edgeslim.tasks.base import Prediction

Matrix = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of both models; None where it does not exist."""

    before: float | None
    after: float | None
    ci95: Bounds | None = None
    """Of after − before."""

    @property
    def difference(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def distinguishable(self) -> bool:
        """The interval excludes zero."""
        return self.ci95 is not None and not self.ci95[0] <= 0.0 <= self.ci95[1]


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of mistake. dAPs are of AP50, in shares of 1, over detections of any score; counts from a score on.

    The dAPs of a size have no intervals: they would take three times the resampling of all others."""

    kind: MistakeKind
    dap: Change
    count: Change
    dap_by_size: Mapping[Size, Change]
    count_by_size: Mapping[Size, Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistakes:
    """TIDE of two detectors. dAPs do not add up."""

    ap50: Change
    kinds: tuple[KindRow, ...]
    false_positives: Change
    false_negatives: Change
    confidence: float
    images: int


def mistakes(
    truths: Sequence[Annotations],
    before: Sequence[Detections],
    after: Sequence[Detections],
    classes: int,
    confidence: float,
    whole: Sequence[Tide] | None = None,
) -> Mistakes:
    """`whole` are both models' mistakes over all scores, where they are known already: most of the work."""
    whole = whole or [tide(truths, seen, classes) for seen in (before, after)]
    shown = [mistakes_of(truths, [one.from_score(confidence) for one in seen]) for seen in (before, after)]
    weights = resample_weights(len(truths))
    rows = []
    for kind in KINDS:
        counts = [_counted(each, kind, None, weights) for each in shown]
        rows.append(
            KindRow(
                kind,
                paired(*(each.delta[kind] for each in whole)),
                paired(*counts),
                {size: both([each.by_size[size][kind] for each in whole]) for size in SIZES},
                {size: paired(*(_counted(each, kind, size, weights) for each in shown)) for size in SIZES},
            )
        )
    return Mistakes(
        ap50=both([each.ap50 for each in whole]),
        kinds=tuple(rows),
        false_positives=paired(*(each.false_positives for each in whole)),
        false_negatives=paired(*(each.false_negatives for each in whole)),
        confidence=confidence,
        images=len(truths),
    )


def _counted(found: Sequence[Mistake], kind: MistakeKind, size: Size | None, weights: IntArray) -> Resampled:
    each = np.zeros(len(weights))
    for mistake in found:
        each[mistake.image] += mistake.kind == kind and size in (None, mistake.size)
    return Resampled(float(each.sum()), each @ weights, len(each))


def both(figures: Sequence[float | None]) -> Change:
    return Change(figures[0], figures[1])


def paired(before: Resampled | None, after: Resampled | None) -> Change:
    if before is None or after is None:
        return both([None if each is None else each.value for each in (before, after)])
    return Change(before.value, after.value, (after - before).paired_ci95)


def box_confusion(
    truths: Sequence[Annotations], predictions: Sequence[Detections], classes: int, confidence: float
) -> Matrix:
    """As `metrics.tide.confusion`, of boxes from a score on: the last row is background, the last column missed."""
    shown = [seen.from_score(confidence) for seen in predictions]
    return _matrix(confusion(mistakes_of(truths, shown), truths, shown, classes))


def class_confusion(truth: IntArray, probabilities: Doubles) -> Matrix:
    """(C, C) images by class (rows) and likeliest class (columns), of a classifier's (N, C)."""
    classes = probabilities.shape[1]
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truth, probabilities.argmax(axis=1)), 1)
    return _matrix(counts)


def _matrix(counts: IntArray) -> Matrix:
    return tuple(tuple(row) for row in counts.tolist())


def boxes_of(
    truths: Sequence[Target], first: Sequence[Prediction], second: Sequence[Prediction]
) -> tuple[list[Annotations], list[Detections], list[Detections]] | None:
    """Of the annotated images; None if these are not a detector's predictions."""
    known, before, after = [], [], []
    for truth, one, other in zip(truths, first, second, strict=True):
        if isinstance(truth, Annotations) and isinstance(one, Detections) and isinstance(other, Detections):
            known.append(truth)
            before.append(one)
            after.append(other)
    return (known, before, after) if known else None


def chances_of(
    truths: Sequence[Target], first: Sequence[Prediction], second: Sequence[Prediction]
) -> tuple[IntArray, Doubles, Doubles]:
    """Classes (N,) and two classifiers' probabilities (N, C), of the labelled images."""
    rows = [
        (truth, one, other)
        for truth, one, other in zip(truths, first, second, strict=True)
        if isinstance(truth, int) and isinstance(one, np.ndarray) and isinstance(other, np.ndarray)
    ]
    truth, before, after = zip(*rows, strict=True)
    return np.array(truth, np.int64), np.stack(before).astype(np.float64), np.stack(after).astype(np.float64)
