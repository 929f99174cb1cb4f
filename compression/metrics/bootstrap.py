"""Bootstrap over images: how sure a figure is, and whether two models can be told apart.

Percentile bootstrap (Efron & Tibshirani, An Introduction to the Bootstrap, 1993): images are drawn with
replacement; a resample is the number of times each image was drawn. Two models are compared on the same
resamples (paired), so what is hard in an image is hard for both and does not blur their difference.
"""

from __future__ import annotations

import numpy as np

from compression.detections import IntArray
from compression.metrics import FloatArray64

RESAMPLES = 1000
SEED = 20221
LEVEL = 0.95


def resample_weights(images: int, resamples: int = RESAMPLES, seed: int = SEED) -> IntArray:
    """How often each image is drawn: (images, resamples). Columns sum to `images`; same seed, same draws."""
    if images == 0:
        return np.zeros((0, resamples), np.int64)
    drawn = np.random.default_rng(seed).integers(0, images, size=(images, resamples))
    cells = drawn * resamples + np.arange(resamples)
    return np.bincount(cells.ravel(), minlength=images * resamples).reshape(images, resamples)


def interval(values: FloatArray64, level: float = LEVEL) -> list[float] | None:
    """Percentile interval [low, high] of a figure's resamples; those without meaning (NaN) are left out."""
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return [float(low), float(high)]
