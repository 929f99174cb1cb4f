"""How much of a layer's weight could be said with less: pure functions of arrays.

A weight is given as rows, one for every output channel: (O, K). What a low entropy, few directions, alike or weak rows
say about a network is for others to judge; here are the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Doubles

Weights = NDArray[np.floating[Any]]
_ROWS = 1024
"""Rows whose cosines are computed at a time: bounds memory."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values in equal bins from `low` to `high`."""

    low: float
    high: float
    counts: tuple[int, ...]

    @property
    def entropy(self) -> float:
        """Shannon entropy of the bins, in bits."""
        counts = np.array(self.counts, np.float64)
        share = counts[counts > 0] / counts.sum()
        return float(np.abs((share * np.log2(share)).sum()))


def places(values: Weights, bins: int) -> NDArray[np.int64]:
    """The bin of each value, flat: equal bins from the least to the largest value, each with its lower edge, the last
    with both."""
    low, high = (float(end) for end in (values.min(), values.max()))
    if not high > low:
        return np.zeros(values.size, np.int64)
    found: NDArray[np.int64] = ((values.ravel() - low) * (bins / (high - low))).astype(np.int64)
    return np.minimum(found, bins - 1)


def histogram(values: Weights, bins: int) -> Histogram:
    """Counts of the values in equal bins over their range."""
    counts = np.bincount(places(values, bins), minlength=bins)
    return Histogram(float(values.min()), float(values.max()), tuple(counts.tolist()))


def entropy(values: Weights, bits: int) -> float:
    """Shannon entropy H in bits of values rounded to 2^bits equal bins over their range: 0 … min(bits, log2 size).

    Source: C. E. Shannon, A Mathematical Theory of Communication, 1948.
    """
    return histogram(values, 1 << bits).entropy


def redundancy(entropy_bits: float, bits: int) -> float:
    """1 - H/b: the part of b stored bits that says nothing. *Low* entropy means redundancy."""
    return 1.0 - entropy_bits / bits


def singular_values(rows: Weights) -> Doubles:
    """Of the matrix, falling. From the smaller Gram matrix: exact to about 1e-8 of the largest."""
    matrix = rows.astype(np.float64)
    gram = matrix @ matrix.T if len(matrix) <= matrix.shape[1] else matrix.T @ matrix
    values: Doubles = np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0.0))
    return values


def energy_by_rank(singular: Doubles) -> Doubles:
    """Share of the squared norm that the best approximation of rank 1, 2 … keeps; one for a weight of zeros."""
    total = np.cumsum(np.square(singular))
    kept: Doubles = total / total[-1] if total[-1] > 0 else np.ones_like(total)
    return kept


def effective_rank(singular: Doubles) -> float:
    """exp of the Shannon entropy (in nats) of the singular values' shares of their sum: 1 … their number.

    k equal singular values and zeros give k. Source: Roy & Vetterli, The effective rank, EUSIPCO 2007. 0 for zeros.
    """
    total = float(singular.sum())
    share = singular[singular > 0] / total if total > 0 else singular[:0]
    return float(np.exp(-(share * np.log(share)).sum())) if len(share) else 0.0


def largest_cosines(rows: Weights) -> Doubles:
    """(O,): the cosine of each row to the one most like it, -1 … 1; 0 for rows of zeros, and if there is one row only.

    1 is a filter that says what another says, up to a positive factor.
    """
    norms = np.linalg.norm(rows, axis=1)
    found = np.zeros(len(rows))
    alive = np.flatnonzero(norms > 0)
    if len(alive) < 2:
        return found
    units = (rows[alive] / norms[alive, None]).astype(np.float64)
    for start in range(0, len(units), _ROWS):
        part = slice(start, start + _ROWS)
        cosines = units[part] @ units.T
        own = np.arange(len(cosines))
        cosines[own, own + start] = -np.inf
        found[alive[part]] = np.clip(cosines.max(axis=1), -1.0, 1.0)
    return found
