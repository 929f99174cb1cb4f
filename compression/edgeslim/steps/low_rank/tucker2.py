"""Tucker decomposition over the two channel modes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from edgeslim.steps.low_rank.decomposition import Decomposition, Doubles, Part

ITERATIONS = 50
TOLERANCE = 1e-6


class Tucker2(Decomposition):
    """1×1 to fewer channels, k×k among them, 1×1 to all. Source: Kim et al. 2016, arXiv 1511.06530.

    Ranks are every pair (input, output) that the core can have. Energies are those of the truncated
    higher-order SVD; the factors come from orthogonal iteration that starts there, and keep at least as much.
    """

    parts: ClassVar[tuple[Part, ...]] = (Part(), Part(rows=True, columns=True), Part())

    def __init__(self, weight: Doubles, seed: int) -> None:
        self._weight = weight
        out, channels = weight.shape[:2]
        left = np.linalg.svd(weight.reshape(out, -1), full_matrices=False)[0]
        right = np.linalg.svd(weight.swapaxes(0, 1).reshape(channels, -1), full_matrices=False)[0]
        core = np.einsum("oihw,or,is->srhw", weight, left, right, optimize=True)  # transposed: inputs first
        kept = np.cumsum(np.cumsum((core**2).sum(axis=(2, 3)), axis=0), axis=1)
        shares = kept / kept[-1, -1] if kept[-1, -1] > 0 else np.ones_like(kept)
        inputs, outputs = np.indices(kept.shape) + 1
        kernel = weight[0, 0].size
        full = (outputs <= inputs * kernel) & (
            inputs <= outputs * kernel
        )  # else the core's unfolding is thinner
        self.ranks = np.argwhere(full) + 1
        self.energy = shares[full]

    def factors(self, ranks: Sequence[int]) -> tuple[Doubles, ...]:
        """The outer two are orthonormal; the core carries the scale."""
        from tensorly.decomposition import partial_tucker

        inputs, outputs = ranks
        if not self._weight.any():
            out, channels, *kernel = self._weight.shape
            shapes = (inputs, channels, 1, 1), (outputs, inputs, *kernel), (out, outputs, 1, 1)
            return tuple(np.zeros(shape) for shape in shapes)
        (core, (left, right)), _ = partial_tucker(
            self._weight, rank=[outputs, inputs], modes=[0, 1], n_iter_max=ITERATIONS, tol=TOLERANCE
        )
        return right.T[:, :, None, None], core, left[:, :, None, None]
