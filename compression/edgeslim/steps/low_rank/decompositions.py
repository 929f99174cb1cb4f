"""Decompositions of a convolution's weight: the layers that each gives, their ranks, their factors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeslim.detections import Doubles, IntArray


@dataclass(frozen=True, slots=True)
class FactorLayer:
    """One of the chain of layers that replaces a layer.

    Along `rows` and `columns` it has the kernel size, stride, padding and dilation of the original; else it is 1 wide.
    """

    rows: bool = False
    columns: bool = False
    depthwise: bool = False


class Decomposition(ABC):
    """A weight (out, in, rows, columns) as a chain of smaller convolutions, at any of several ranks.

    `ranks` (N, parts - 1): numbers of channels between the parts. `energy` (N,): share of the weight's squared norm kept
    at each; exact unless the subclass says otherwise. `seed` is for methods that start from random values.
    """

    parts: ClassVar[tuple[FactorLayer, ...]]
    ranks: IntArray
    energy: Doubles

    @abstractmethod
    def __init__(self, weight: Doubles, seed: int) -> None: ...

    @abstractmethod
    def factors(self, ranks: Sequence[int]) -> tuple[Doubles, ...]:
        """Weights of the parts, first to last, each (out, in or 1, rows or 1, columns or 1)."""


def compose(factors: Sequence[Doubles]) -> Doubles:
    """The weight (out, in, rows, columns) of the one convolution that equals the chain.

    Along each image axis at most one factor is wider than 1. A factor is depthwise if it reads one channel and the one
    before it has several outputs.
    """
    weight = factors[0]
    for factor in factors[1:]:
        depthwise = factor.shape[1] == 1 < weight.shape[0]
        path = "dxy,dihw->dixhyw" if depthwise else "dcxy,cihw->dixhyw"
        joined = np.einsum(path, factor[:, 0] if depthwise else factor, weight, optimize=True)
        rows, columns = (factor.shape[axis] * weight.shape[axis] for axis in (2, 3))
        weight = joined.reshape(factor.shape[0], weight.shape[1], rows, columns)
    return weight


def kept_by_rank(singular: Doubles) -> Doubles:
    """Share of squared singular values kept at rank 1, 2 …; one everywhere for a weight of zeros."""
    total = np.cumsum(singular**2)
    return total / total[-1] if total[-1] > 0 else np.ones_like(total)


def energy_kept(weight: Doubles, approximation: Doubles) -> float:
    """1 minus the ratio of the squared error to the weight's squared norm."""
    norm = float(np.sum(weight**2))
    return 1.0 - float(np.sum((weight - approximation) ** 2)) / norm if norm > 0 else 1.0


class Svd(Decomposition):
    """The layer with r outputs, then 1×1 from r channels to all.

    The matrix is (out, in · rows · columns), which for linear layers and 1×1 convolutions is their weight; for
    larger kernels it is the channel decomposition of Zhang et al. 2015, arXiv 1505.06798. No rank-r matrix is nearer.
    """

    parts: ClassVar[tuple[FactorLayer, ...]] = (FactorLayer(rows=True, columns=True), FactorLayer())

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


class Spatial(Decomposition):
    """k×1 to r channels, then 1×k to all. Source: Jaderberg et al. 2014, arXiv 1405.3866 (scheme 2).

    The matrix is (out · columns, in · rows); its truncated SVD is the nearest such pair.
    """

    parts: ClassVar[tuple[FactorLayer, ...]] = (FactorLayer(rows=True), FactorLayer(columns=True))

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


ITERATIONS = 50
TOLERANCE = 1e-6


class Tucker2(Decomposition):
    """1×1 to fewer channels, k×k among them, 1×1 to all. Source: Kim et al. 2016, arXiv 1511.06530.

    Ranks are every pair (input, output) that the core can have. Energies are those of the truncated
    higher-order SVD; the factors come from orthogonal iteration that starts there, and keep at least as much.
    """

    parts: ClassVar[tuple[FactorLayer, ...]] = (
        FactorLayer(),
        FactorLayer(rows=True, columns=True),
        FactorLayer(),
    )

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

    parts: ClassVar[tuple[FactorLayer, ...]] = (
        FactorLayer(),
        FactorLayer(rows=True, columns=True, depthwise=True),
        FactorLayer(),
    )

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
