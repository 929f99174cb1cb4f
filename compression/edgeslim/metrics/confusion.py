"""The confusion matrix of a detector, made from TIDE's mistakes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.detections import Annotations, Detections, IntArray
from edgeslim.metrics.tide import Mistake


def confusion(
    mistakes: Sequence[Mistake],
    truths: Sequence[Annotations],
    predictions: Sequence[Detections],
    classes: int,
) -> IntArray:
    """(classes + 1, classes + 1) counts by the class of the object (rows) and the one detected (columns).

    Beside the diagonal classification, in the last row background, in the last column missed; the others have no cell.
    """
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    for truth in truths:
        np.add.at(counts, (truth.classes[~truth.crowd], truth.classes[~truth.crowd]), 1)
    for mistake in mistakes:
        truth, seen = truths[mistake.image], predictions[mistake.image]
        row = classes if mistake.truth is None else int(truth.classes[mistake.truth])
        column = classes if mistake.detection is None else int(seen.classes[mistake.detection])
        if mistake.kind in ("classification", "background", "missed"):
            counts[row, column] += 1
        if mistake.kind == "missed" or mistake.corrects:
            counts[row, row] -= 1  # each object that was not found, once
    return counts
