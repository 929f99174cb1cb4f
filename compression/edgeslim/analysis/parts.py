"""AP by class and by size of two models on the same images; intervals are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edgeslim.analysis.errors import Change, paired
from edgeslim.detections import Annotations, Detections, Doubles, IntArray
from edgeslim.metrics.bootstrap import Resampled, resample_weights
from edgeslim.metrics.detection import resampled_by_class, resampled_by_size
from edgeslim.metrics.matching import AREAS, match

LEVEL = 0.05
FEWEST = 6
"""Images with objects of a class: in fewer, not even the same change in all of them excludes chance (2 / 2⁵ > 5 %), and
their resamples hardly differ, which would pass for certainty."""


@dataclass(frozen=True, slots=True)
class PartRow:
    """AP (of a classifier recall) of a class or a size."""

    name: str
    change: Change
    p: float | None
    """Two-sided, of the normal distribution with the resamples' standard deviation: its tail is finer than theirs.
    None, and there is no interval, of what fewer than FEWEST images show.
    """
    holds: bool = False
    """Distinguishable also when all rows are asked at once: Holm's procedure at 5 %."""


@dataclass(frozen=True, slots=True)
class Parts:
    """By class, the largest loss first, and by size."""

    classes: tuple[PartRow, ...]
    sizes: tuple[PartRow, ...]
    images: int


def box_parts(
    truths: Sequence[Annotations],
    before: Sequence[Detections],
    after: Sequence[Detections],
    labels: tuple[str, ...],
) -> Parts:
    found = [match(truths, seen, len(labels)) for seen in (before, after)]
    shown = [set(truth.classes[~truth.crowd].tolist()) for truth in truths]
    images = [sum(index in one for one in shown) for index in range(len(labels))]
    first, second = (resampled_by_class(each) for each in found)
    classes = zip(labels, first, second, images, strict=True)
    sizes = [resampled_by_size(each) for each in found]
    return Parts(
        _by_loss(list(classes)),
        _holm([_part(size, sizes[0][size], sizes[1][size], len(truths)) for size in AREAS[1:]]),
        len(truths),
    )


def class_parts(truth: IntArray, before: Doubles, after: Doubles, labels: tuple[str, ...]) -> Parts:
    """Recall of each class of a classifier; there are no sizes."""
    weights = resample_weights(len(truth))
    rows: list[_Row] = []
    for index, name in enumerate(labels):
        mine = truth == index
        pair: list[Resampled | None] = []
        for seen in (before, after):
            right = mine & (seen.argmax(axis=1) == truth)
            with np.errstate(invalid="ignore"):
                drawn = (right @ weights) / (mine @ weights)
            pair.append(Resampled(float(right.sum() / mine.sum()), drawn, len(truth)) if mine.any() else None)
        rows.append((name, pair[0], pair[1], int(mine.sum())))
    return Parts(_by_loss(rows), (), len(truth))


_Row = tuple[str, Resampled | None, Resampled | None, int]
"""A name, both figures, and how many images show it."""


def _by_loss(rows: Sequence[_Row]) -> tuple[PartRow, ...]:
    known = [_part(*row) for row in rows if row[1] is not None]
    known.sort(key=lambda row: row.change.difference or 0.0)
    return _holm(known)


def _part(name: str, before: Resampled | None, after: Resampled | None, images: int) -> PartRow:
    if before is None or after is None:
        return PartRow(name, Change(None, None), None)
    if images < FEWEST:
        return PartRow(name, Change(before.value, after.value), None)
    change = after - before
    error = float(np.nanstd(change.resamples))
    away = abs(change.value) / error if error else 0.0 if change.value == 0 else float("inf")
    return PartRow(name, paired(before, after), 2 * NormalDist().cdf(-away))


def _holm(rows: Sequence[PartRow]) -> tuple[PartRow, ...]:
    """Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6, 1979."""
    asked = sorted((row.p, place) for place, row in enumerate(rows) if row.p is not None)
    held: set[int] = set()
    for rank, (p, place) in enumerate(asked):
        if p > LEVEL / (len(asked) - rank):
            break
        held.add(place)
    return tuple(PartRow(row.name, row.change, row.p, place in held) for place, row in enumerate(rows))
