"""Reading the output arrays of a network: rows, scores and boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edgeslim.detections import FloatArray, IntArray
from edgeslim.models.families.base import Columns, Output, Raw, Shape


def rows_of(output: Output) -> FloatArray:
    """(N, K) rows of one output: [1, N, K], [N, K], or a map [1, K, h, w] as (h·w, K)."""
    rows: FloatArray = output[0] if output.ndim > 2 else output
    return rows.reshape(len(rows), -1).T if output.ndim == 4 else rows


def row_shape(shape: Shape) -> tuple[int, int] | None:
    """(N, K) of an output's rows (see rows_of), or None if it has none."""
    if len(shape) == 4 and shape[0] == 1:
        return shape[2] * shape[3], shape[1]
    if len(shape) == 3 and shape[0] == 1:
        return shape[1], shape[2]
    return (shape[0], shape[1]) if len(shape) == 2 else None


def candidates(scores: FloatArray, confidence: float) -> tuple[IntArray, IntArray]:
    """Rows and classes of the entries of (N, C) `scores` that reach `confidence` (NaN never does)."""
    rows, classes = np.nonzero(scores >= confidence)
    return rows, classes


def classes_and_boxes(
    level: Sequence[Columns], classes: tuple[int, ...], boxes: Callable[[int], bool]
) -> tuple[Columns, Columns] | None:
    """Two outputs as (class scores, boxes), by their widths; where both could be either, the first is the scores."""
    if len(level) != 2:
        return None
    for first, second in (level, level[::-1]):
        if first.width in classes and boxes(second.width):
            return first, second
    return None


def raw(boxes: FloatArray, scores: FloatArray, classes: IntArray) -> Raw:
    """The three arrays with their types, without boxes that are not finite, as of a damaged network."""
    keep = np.isfinite(boxes).all(axis=1)
    return boxes[keep].astype(np.float32), scores[keep].astype(np.float32), classes[keep].astype(np.int64)


def are_scores(values: Output) -> bool:
    """Whether all values lie within 0–1 up to rounding, as those of a sigmoid or softmax."""
    return bool(values.size) and bool((values > -1e-4).all() and (values < 1 + 1e-4).all())
