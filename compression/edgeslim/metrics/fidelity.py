"""Fidelity: does the compressed model still say what the original said? No labels are needed.

Boxes are paired one to one, greedily by falling IoU: first boxes of the same class, then, among those left,
boxes of different classes. So the result does not depend on which scores moved, nor on which of the two
models comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Detections, Doubles, IntArray
from edgeslim.metrics.bootstrap import SEED, Resampled, resample_weights

CONFIDENCE = 0.3
"""Below this nobody would draw a box."""
SAME_IOU = 0.5
"""Boxes that overlap less are different boxes."""
MOVED_IOU = 0.75
"""Boxes that overlap less have moved."""
RESOLUTION_DB = 20 * 24 * float(np.log10(2))
"""≈ 144.5 dB, float32's 24 bits: identical outputs are given this, and nothing is given more."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What became of the boxes of one image. Indices point into the detections as they were given.

    Every original box is in exactly one of kept, moved, relabelled, lost; every compressed one in one of
    kept, moved, relabelled, gained.
    """

    kept: IntArray
    """(n, 2) original, compressed: same class, IoU ≥ moved_iou."""
    moved: IntArray
    """(n, 2) original, compressed: same class, iou ≤ IoU < moved_iou."""
    relabelled: IntArray
    """(n, 2) original, compressed: another class, IoU ≥ iou."""
    lost: IntArray
    """(n,) original boxes without a partner."""
    gained: IntArray
    """(n,) compressed boxes without a partner."""

    @property
    def severity(self) -> int:
        """How much the image changed: what is lost or gained counts twice."""
        return 2 * (len(self.lost) + len(self.gained)) + len(self.relabelled) + len(self.moved)


def diff(
    original: Detections,
    compressed: Detections,
    iou: float = SAME_IOU,
    moved_iou: float = MOVED_IOU,
    confidence: float = CONFIDENCE,
) -> Fidelity:
    """Compare two models' boxes on one image, looking only at scores ≥ `confidence` on either side."""
    before, after = original.rows_from(confidence), compressed.rows_from(confidence)
    overlap = box_iou(original.boxes[before], compressed.boxes[after])
    same = original.classes[before][:, None] == compressed.classes[after][None, :]
    kept = _greedy(np.where(same, overlap, 0.0), iou)
    left = overlap.copy()
    left[kept[:, 0]] = 0.0
    left[:, kept[:, 1]] = 0.0
    relabelled = _greedy(np.where(same, 0.0, left), iou)
    paired = np.concatenate([kept, relabelled])
    stayed = overlap[kept[:, 0], kept[:, 1]] >= moved_iou

    def given(pairs: IntArray) -> IntArray:
        return np.stack([before[pairs[:, 0]], after[pairs[:, 1]]], axis=1)

    return Fidelity(
        kept=given(kept[stayed]),
        moved=given(kept[~stayed]),
        relabelled=given(relabelled),
        lost=np.delete(before, paired[:, 0]),
        gained=np.delete(after, paired[:, 1]),
    )


def agreement(
    originals: Sequence[Detections], compressed: Sequence[Detections], seed: int = SEED
) -> tuple[dict[str, Any], Resampled]:
    """Box agreement over images at confidence 0.3, the counts behind it, and its resamples over images.

    agreement = 2 · (kept + moved) / (original boxes + compressed boxes): the F1 score of the compressed model
    with the original's boxes as truth, at IoU ≥ 0.5 and equal class. 1.0 where neither model sees anything.
    """
    fates = [diff(before, after) for before, after in zip(originals, compressed, strict=True)]
    names = ("kept", "moved", "relabelled", "lost", "gained")
    counts = np.array([[len(getattr(fate, name)) for name in names] for fate in fates]).reshape(-1, 5)
    total = counts.sum(axis=0)
    drawn = counts.T @ resample_weights(len(fates), seed=seed)
    share = Resampled(float(_agreement(total[:, None])[0]), _agreement(drawn), len(fates))
    return {"agreement": share.value, **dict(zip(names, total.tolist(), strict=True))}, share


def _agreement(counts: IntArray) -> Doubles:
    """(kept, moved, relabelled, lost, gained; R) → (R,)."""
    kept, moved, relabelled, lost, gained = counts
    paired = 2 * (kept + moved)
    boxes = paired + 2 * relabelled + lost + gained
    shares: Doubles = np.divide(paired, boxes, out=np.ones(len(boxes)), where=boxes > 0)
    return shares


def box_iou(boxes: NDArray[Any], others: NDArray[Any]) -> Doubles:
    """IoU of every pair: (N, 4) and (M, 4) xyxy → (N, M). Boxes without area overlap nothing."""
    a, b = boxes.astype(np.float64)[:, None], others.astype(np.float64)[None]
    sides = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None)
    shared = sides.prod(axis=-1)
    union = (a[..., 2:] - a[..., :2]).prod(axis=-1) + (b[..., 2:] - b[..., :2]).prod(axis=-1) - shared
    iou: Doubles = np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)
    return iou


def signal_and_noise(
    reference: Sequence[NDArray[Any]], outputs: Sequence[NDArray[Any]]
) -> NDArray[np.float64]:
    """(outputs, 2): sums of squares of each reference output and of the difference. Add up over images."""
    powers = np.zeros((len(reference), 2))
    for row, before, after in zip(powers, reference, outputs, strict=True):
        exact = before.astype(np.float64)
        with np.errstate(invalid="ignore"):
            difference = exact - after.astype(np.float64)
        row[:] = np.square(exact).sum(), np.square(difference).sum()
    return powers


def sqnr_db(powers: NDArray[np.float64]) -> tuple[float, tuple[float, ...]]:
    """Signal-to-quantization-noise ratio in dB: overall, and of each output, from `signal_and_noise`.

    Overall is the mean over outputs, so that an output in pixels does not drown one in probabilities. Values
    are held within ±144.5 dB (the resolution of float32); an output that is not finite counts as −144.5.
    """
    floor = 10 ** (-RESOLUTION_DB / 10)
    each = []
    for signal, noise in powers:
        if not np.isfinite(noise) or (signal == 0 and noise > 0):
            each.append(-RESOLUTION_DB)
        elif noise <= floor * signal:
            each.append(RESOLUTION_DB)
        else:
            each.append(max(10 * float(np.log10(signal / noise)), -RESOLUTION_DB))
    return float(np.mean(each)), tuple(each)


def _greedy(overlap: Doubles, iou: float) -> IntArray:
    """One-to-one pairs (n, 2) by falling overlap ≥ `iou`; of equal ones the lowest indices come first."""
    rows, columns = np.nonzero(overlap >= iou)
    order = np.argsort(-overlap[rows, columns], kind="stable")
    pairs: list[tuple[int, int]] = []
    used_rows, used_columns = set[int](), set[int]()
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in used_rows and column not in used_columns:
            pairs.append((row, column))
            used_rows.add(row)
            used_columns.add(column)
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)
