"""Truncated singular value decomposition of a layer seen as a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from edgeslim.steps.low_rank.decomposition import Decomposition, Doubles, Part, kept_by_rank


class Svd(Decomposition):
    """The layer with r outputs, then 1×1 from r channels to all.

    The matrix is (out, in · rows · columns), which for linear layers and 1×1 convolutions is their weight; for
    larger kernels it is the channel decomposition of Zhang et al. 2015, arXiv 1505.06798. No rank-r matrix is nearer.
    """

    parts: ClassVar[tuple[Part, ...]] = (Part(rows=True, columns=True), Part())

    def __init__(self, weight: Doubles, seed: int) -> None:
        self._shape = weight.shape
        self._left, self._singular, self._right = np.linalg.svd(
            weight.reshape(len(weight), -1), full_matrices=False
        )
        self.ranks = np.arange(1, len(self._singular) + 1)[:, None]
        self.energy = kept_by_rank(self._singular)

    def factors(self, ranks: Sequence[int]) -> tuple[Doubles, ...]:
        """Both factors carry the square root of the singular values."""
        (rank,) = ranks
        root = np.sqrt(self._singular[:rank])
        first = (root[:, None] * self._right[:rank]).reshape(rank, *self._shape[1:])
        return first, (self._left[:, :rank] * root)[:, :, None, None]
