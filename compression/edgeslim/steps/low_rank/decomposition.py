"""What every decomposition of a convolution's weight offers: the layers it gives, their ranks, their factors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Part:
    """One of the layers that take a layer's place.

    It has the layer's kernel size, stride, padding and dilation along `rows` and `columns`, and is 1 wide along
    the others.
    """

    rows: bool = False
    columns: bool = False
    depthwise: bool = False


class Decomposition(ABC):
    """A weight (out, in, rows, columns) as a chain of smaller convolutions, at any of several ranks.

    `ranks` (N, parts - 1) are the numbers of channels between the parts. `energy` (N,) is the share of the
    weight's squared norm kept at each: exact unless the subclass says otherwise. `seed` is for methods that draw.
    """

    parts: ClassVar[tuple[Part, ...]]
    ranks: Ints
    energy: Doubles

    @abstractmethod
    def __init__(self, weight: Doubles, seed: int) -> None: ...

    @abstractmethod
    def factors(self, ranks: Sequence[int]) -> tuple[Doubles, ...]:
        """Weights of the parts, first to last, each (out, in or 1, rows or 1, columns or 1)."""


def compose(factors: Sequence[Doubles]) -> Doubles:
    """The weight (out, in, rows, columns) of the one convolution that the chain amounts to.

    Along each image axis at most one factor is wider than 1; of two factors, the second is depthwise if it
    reads one channel and the first gives several.
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
    """1 - the squared error's share of the weight's squared norm."""
    norm = float(np.sum(weight**2))
    return 1.0 - float(np.sum((weight - approximation) ** 2)) / norm if norm > 0 else 1.0
