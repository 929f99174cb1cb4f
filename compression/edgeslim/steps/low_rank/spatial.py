"""Separation of a kernel into a vertical and a horizontal one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from edgeslim.steps.low_rank.decomposition import Decomposition, Doubles, Part, kept_by_rank


class Spatial(Decomposition):
    """k×1 to r channels, then 1×k to all. Source: Jaderberg et al. 2014, arXiv 1405.3866 (scheme 2).

    The matrix is (out · columns, in · rows); its truncated SVD is the nearest such pair.
    """

    parts: ClassVar[tuple[Part, ...]] = (Part(rows=True), Part(columns=True))

    def __init__(self, weight: Doubles, seed: int) -> None:
        self._shape = weight.shape
        out, channels, rows, columns = weight.shape
        matrix = weight.transpose(0, 3, 1, 2).reshape(out * columns, channels * rows)
        self._left, self._singular, self._right = np.linalg.svd(matrix, full_matrices=False)
        self.ranks = np.arange(1, len(self._singular) + 1)[:, None]
        self.energy = kept_by_rank(self._singular)

    def factors(self, ranks: Sequence[int]) -> tuple[Doubles, ...]:
        """Both factors carry the square root of the singular values."""
        (rank,) = ranks
        out, channels, rows, columns = self._shape
        root = np.sqrt(self._singular[:rank])
        vertical = (root[:, None] * self._right[:rank]).reshape(rank, channels, rows, 1)
        horizontal = (self._left[:, :rank] * root).reshape(out, columns, 1, rank).transpose(0, 3, 2, 1)
        return vertical, horizontal
