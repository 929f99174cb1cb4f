"""How two models' scores differ on the same images; intervals are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.analysis.errors import Change, paired
from edgeslim.detections import Annotations, Detections, Doubles, IntArray
from edgeslim.metrics.bootstrap import Bounds, Resampled, resample_weights
from edgeslim.metrics.confidence import (
    FLOOR,
    THRESHOLDS,
    Bin,
    Claims,
    Curves,
    Shift,
    box_shift,
    classified,
    curves,
    detected,
    place_of,
    reliability,
    shift,
)
from edgeslim.metrics.detection import resampled
from edgeslim.metrics.matching import match


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """One model's scores: claims from `FLOOR` on by bin of the score, and figures over the threshold."""

    right: tuple[int, ...]
    wrong: tuple[int, ...]
    """In 20 bins of [0, 1]."""
    bins: tuple[Bin, ...]
    thresholds: tuple[float, ...]
    precision: tuple[float | None, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    best: float
    """The threshold with the largest F1."""
    best_ci95: Bounds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """How two models' scores differ; for a classifier nothing depends on a threshold but `sides`."""

    threshold: float
    shift: Shift | None
    ece: Change
    sides: tuple[Scores, Scores]
    f1: Change
    """At the threshold."""
    mean_ap: Change
    """Of boxes from the threshold on alone; of a classifier accuracy."""
    objects: int
    lost: int
    """Objects that the first model finds at the threshold, net of those that the second finds."""
    lost_at_best: int
    """The same with the second model at its best threshold."""
    wrong_at_best: int
    """Wrong claims that the second model makes there, net of the first's at the threshold."""
    images: int


def box_confidence(
    truths: Sequence[Annotations],
    before: Sequence[Detections],
    after: Sequence[Detections],
    labels: tuple[str, ...],
    threshold: float,
) -> Confidence:
    claims = [detected(truths, seen, len(labels)) for seen in (before, after)]
    mean_ap = [
        resampled(match(truths, [one.from_score(threshold) for one in seen], len(labels)))
        for seen in (before, after)
    ]
    return _confidence(claims, box_shift(before, after, threshold), paired(*mean_ap), threshold)


def class_confidence(truth: IntArray, before: Doubles, after: Doubles, threshold: float) -> Confidence:
    """Of probabilities (N, C). The shift is of the likeliest class's probability."""
    claims = [classified(seen.astype(np.float32), truth) for seen in (before, after)]
    moved = shift((after.max(axis=1) - before.max(axis=1)), np.arange(len(truth)), len(truth))
    right = [
        Resampled(
            float(each.right.mean()), each.right @ resample_weights(len(truth)) / len(truth), len(truth)
        )
        for each in claims
    ]
    return _confidence(claims, moved, paired(*right), threshold)


def _confidence(
    claims: Sequence[Claims], moved: Shift | None, mean_ap: Change, threshold: float
) -> Confidence:
    tables = [reliability(each) for each in claims]
    lines = [curves(each) for each in claims]
    first, second = lines
    at, best = place_of(threshold), place_of(second.best)
    return Confidence(
        threshold=threshold,
        shift=moved,
        ece=paired(tables[0][1], tables[1][1]),
        sides=(
            _scores(claims[0], tables[0][0], first),
            _scores(claims[1], tables[1][0], second),
        ),
        f1=paired(first.f1_at(threshold), second.f1_at(threshold)),
        mean_ap=mean_ap,
        objects=int(claims[0].objects.sum()),
        lost=int(first.right[at] - second.right[at]),
        lost_at_best=int(first.right[at] - second.right[best]),
        wrong_at_best=int((second.claims[best] - second.right[best]) - (first.claims[at] - first.right[at])),
        images=len(claims[0].objects),
    )


def _scores(claims: Claims, bins: tuple[Bin, ...], lines: Curves) -> Scores:
    span = lines.best_ci95
    shown = claims.score >= np.float32(FLOOR)
    edges = np.linspace(0, 1, 21)
    counts = [
        tuple(np.histogram(claims.score[shown & chosen], edges)[0].tolist())
        for chosen in (claims.right, ~claims.right)
    ]
    return Scores(
        right=counts[0],
        wrong=counts[1],
        bins=bins,
        thresholds=tuple(round(float(each), 2) for each in THRESHOLDS),
        precision=tuple(float(each) if np.isfinite(each) else None for each in lines.precision),
        recall=tuple(lines.recall.tolist()),
        f1=tuple(lines.f1.tolist()),
        best=round(lines.best, 2),
        best_ci95=None if span is None else (round(span[0], 2), round(span[1], 2)),
    )
