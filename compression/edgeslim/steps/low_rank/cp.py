"""Canonical polyadic decomposition: a sum of r outer products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from edgeslim.steps.low_rank.decomposition import Decomposition, Doubles, Part, kept_by_rank

ITERATIONS = 50
TOLERANCE = 1e-6
RIDGE = 1e-12
"""Added to the least-squares problems of a weight of norm 1, so that degenerate ones stay solvable."""


class Cp(Decomposition):
    """1×1 to r channels, depthwise k×k, 1×1 to all. Source: Lebedev et al. 2015, arXiv 1412.6553.

    The paper also splits the kernel into rows and columns; k×k in one piece is closer at equal rank and one
    layer less. The nearest decomposition cannot be computed: alternating least squares finds a good one.
    `energy` is an upper bound, from the singular values of the weight's unfoldings.
    """

    parts: ClassVar[tuple[Part, ...]] = (Part(), Part(rows=True, columns=True, depthwise=True), Part())

    def __init__(self, weight: Doubles, seed: int) -> None:
        self._shape, self._seed = weight.shape, seed
        self._norm = float(np.linalg.norm(weight))
        self._tensor = weight.reshape(*weight.shape[:2], -1) / (self._norm or 1.0)
        out, channels, kernel = self._tensor.shape
        unfolded = (np.moveaxis(self._tensor, axis, 0) for axis in range(3))
        decomposed = [np.linalg.svd(each.reshape(len(each), -1), full_matrices=False) for each in unfolded]
        self._leading = [left for left, _, _ in decomposed]
        full = min(out * channels, out * kernel, channels * kernel)
        self.ranks = np.repeat(np.arange(1, full + 1)[:, None], 2, axis=1)
        bounds = np.ones((3, full))
        for bound, (_, singular, _) in zip(bounds, decomposed, strict=True):
            length = min(full, len(singular))
            bound[:length] = kept_by_rank(singular)[:length]
        self.energy = bounds.min(axis=0)

    def factors(self, ranks: Sequence[int]) -> tuple[Doubles, ...]:
        """The three factors of each product have equal norms."""
        rank = ranks[0]
        weights, (left, right, kernel) = self._fitted(rank)
        norms = [np.linalg.norm(each, axis=0) for each in (left, right, kernel)]
        scale = np.cbrt(np.abs(weights) * self._norm * norms[0] * norms[1] * norms[2])
        left, right, kernel = (
            each * (scale / np.where(norm > 0, norm, 1.0))
            for each, norm in zip((left, right, kernel), norms, strict=True)
        )
        kernel = kernel * np.sign(weights)
        depthwise = kernel.T.reshape(rank, 1, *self._shape[2:])
        return right.T[:, :, None, None], depthwise, left[:, :, None, None]

    def _fitted(self, rank: int) -> tuple[Doubles, list[Doubles]]:
        from tensorly.decomposition import parafac

        if not self._norm:
            return np.zeros(rank), [np.zeros((size, rank)) for size in self._tensor.shape]
        result: Any = parafac(
            self._tensor,
            rank=rank,
            init=self._start(rank),
            n_iter_max=ITERATIONS,
            tol=TOLERANCE,
            l2_reg=RIDGE,
        )
        return result.weights, list(result.factors)

    def _start(self, rank: int) -> Any:
        """Leading singular vectors of each unfolding, and random columns where there are too few."""
        from tensorly.cp_tensor import CPTensor

        generator = np.random.default_rng(self._seed)
        factors = []
        for leading in self._leading:
            missing = max(rank - leading.shape[1], 0)
            random = generator.normal(size=(len(leading), missing)) / np.sqrt(len(leading))
            factors.append(np.hstack([leading[:, :rank], random]))
        return CPTensor((np.ones(rank), factors))
