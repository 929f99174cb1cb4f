"""Classification accuracy: top-1, top-5, macro-F1, and top-1 on resamples of the images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeslim.detections import BoolArray, FloatArray, IntArray
from edgeslim.metrics.bootstrap import SEED, Resampled, resampled_mean


def classification_scores(
    probabilities: FloatArray, truth: IntArray, labels: tuple[str, ...]
) -> dict[str, Any]:
    """top1, top5 (None for five classes or fewer, where it says nothing), macro_F1, by_class (recall).

    `probabilities` is (N, C), `truth` (N,), N ≥ 1. macro_F1 is the mean F1 of the classes that occur, in the
    truth or among the predictions (scikit-learn's convention). A class without images has no recall and is
    left out of by_class.
    """
    assert probabilities.shape == (len(truth), len(labels)), "one probability for every label"
    predicted = probabilities.argmax(axis=1)
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    true, images, claimed = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    occurring = images + claimed > 0
    f1 = 2 * true[occurring] / (images + claimed)[occurring]
    by_class = zip(labels, true, images, strict=True)
    return {
        "top1": float(np.mean(predicted == truth)),
        "top5": float(np.mean(_among_best(probabilities, truth, 5))) if len(labels) > 5 else None,
        "macro_F1": float(f1.mean()),
        "by_class": {label: float(hits / count) for label, hits, count in by_class if count},
    }


def resampled(probabilities: FloatArray, truth: IntArray, seed: int = SEED) -> Resampled:
    """Top-1 with its resamples over images, of probabilities (N, C) and classes (N,), N ≥ 1."""
    return resampled_mean(_among_best(probabilities, truth, 1).astype(np.float64), seed)


def label_agreement(
    original: Sequence[FloatArray], compressed: Sequence[FloatArray], seed: int = SEED
) -> tuple[dict[str, float], Resampled]:
    """Fidelity without labels: share of images given the same class, mean KL divergence in nats.

    Both are lists of probabilities (C,). KL is of the compressed model's from the original's, KL(original ‖
    compressed). With the resamples of the agreement.
    """
    tiny = np.finfo(np.float32).tiny
    before, after = (
        np.maximum(np.stack(list(each)).astype(np.float64), tiny) for each in (original, compressed)
    )
    divergence = (before * np.log(before / after)).sum(axis=1)
    same = resampled_mean((before.argmax(axis=1) == after.argmax(axis=1)).astype(np.float64), seed)
    return {"agreement": same.value, "kl_divergence": float(divergence.mean())}, same


def _among_best(probabilities: FloatArray, truth: IntArray, count: int) -> BoolArray:
    """(N,): fewer than `count` classes come before the true one (of equal ones, the lower index does)."""
    mine = np.take_along_axis(probabilities, truth[:, None], axis=1)
    earlier = np.arange(probabilities.shape[1]) < truth[:, None]
    ahead = (probabilities > mine) | ((probabilities == mine) & earlier)
    among: BoolArray = ahead.sum(axis=1) < count
    return among
