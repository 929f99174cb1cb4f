"""Classification accuracy: top-1, top-5, macro-F1, with bootstrap and paired intervals over images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from compression.detections import FloatArray, IntArray
from compression.metrics import BoolArray, FloatArray64
from compression.metrics.bootstrap import interval, resample_weights


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


def bootstrap(
    probabilities: FloatArray, truth: IntArray, baseline: FloatArray | None = None
) -> dict[str, Any]:
    """`ci95`: 95 % interval of top-1 over images.

    With the baseline's probabilities also `paired_delta`, the difference of both top-1, and `paired_ci95`,
    its interval over the same resamples.
    """
    right = _among_best(probabilities, truth, 1).astype(np.float64)
    found: dict[str, Any] = {"ci95": interval(_resampled_mean(right))}
    if baseline is not None:
        gain = right - _among_best(baseline, truth, 1)
        found |= {"paired_delta": float(gain.mean()), "paired_ci95": interval(_resampled_mean(gain))}
    return found


def label_agreement(original: Sequence[FloatArray], compressed: Sequence[FloatArray]) -> dict[str, float]:
    """Fidelity without labels: share of images given the same class, mean KL divergence in nats.

    Both are lists of probabilities (C,). KL is of the compressed model's from the original's, KL(original ‖
    compressed).
    """
    tiny = np.finfo(np.float32).tiny
    before, after = (
        np.maximum(np.stack(list(each)).astype(np.float64), tiny) for each in (original, compressed)
    )
    divergence = (before * np.log(before / after)).sum(axis=1)
    return {
        "agreement": float(np.mean(before.argmax(axis=1) == after.argmax(axis=1))),
        "kl_divergence": float(divergence.mean()),
    }


def _among_best(probabilities: FloatArray, truth: IntArray, count: int) -> BoolArray:
    """(N,): fewer than `count` classes come before the true one (of equal ones, the lower index does)."""
    mine = np.take_along_axis(probabilities, truth[:, None], axis=1)
    earlier = np.arange(probabilities.shape[1]) < truth[:, None]
    ahead = (probabilities > mine) | ((probabilities == mine) & earlier)
    among: BoolArray = ahead.sum(axis=1) < count
    return among


def _resampled_mean(values: FloatArray64) -> FloatArray64:
    means: FloatArray64 = values @ resample_weights(len(values)) / max(len(values), 1)
    return means
