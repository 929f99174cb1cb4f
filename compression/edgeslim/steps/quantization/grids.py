"""Quantization grids: the values that low-bit codes stand for, and the scales that fit a weight best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Doubles

SHRINKS = np.geomspace(0.12, 1.0, 48)
"""Fractions of the full range that are tried for the least squared error."""
_ROWS = 1 << 16
"""Elements processed at a time; bounds memory."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Codes 0 … levels - 1; a weight is (code - zero) · scale. `zero` is one number, or integers like the scale."""

    levels: int
    zero: float | Doubles
    scale: Doubles
    """(rows, 1), (1, 1), or one for each weight (rows, columns)."""

    def spread(self, rows: int, columns: int) -> Grid:
        """The same grid with a scale (and zero point) for each weight of this shape."""

        def each(values: Doubles) -> Doubles:
            if values.size == 1:
                return np.full((rows, columns), values.flat[0])
            return np.repeat(values.reshape(rows, -1), columns * rows // values.size, axis=1)

        zero = each(self.zero) if isinstance(self.zero, np.ndarray) else self.zero
        return Grid(self.levels, zero, each(self.scale))

    def column(self, k: int) -> Grid:
        """One column of a spread grid: scale (rows,)."""
        zero = self.zero[:, k] if isinstance(self.zero, np.ndarray) else self.zero
        return Grid(self.levels, zero, self.scale[:, k])

    def codes(self, values: NDArray[np.floating[Any]]) -> Doubles:
        """Nearest codes, as float64."""
        return np.clip(np.rint(values / self.scale + self.zero), 0, self.levels - 1)

    def values(self, codes: Doubles) -> Doubles:
        return (codes - self.zero) * self.scale


def uniform(rows: Doubles, levels: int, zero: float, clipping: str) -> Grid:
    """Equal steps around zero, one scale per row. `clipping`: 'max' covers every weight, 'mse' minimizes the error."""
    low, high = max(zero, 0.5), levels - 1 - zero
    full = np.maximum(rows.max(axis=1, keepdims=True) / high, -rows.min(axis=1, keepdims=True) / low)
    full = alive(full)
    if clipping == "max":
        return Grid(levels, zero, full)
    return Grid(levels, zero, _best(rows, lambda shrink, part: Grid(levels, zero, full[part] * shrink)).scale)


def asymmetric(rows: Doubles, levels: int, clipping: str) -> Grid:
    """Equal steps between the smallest and the largest weight of each row; zero is a grid point."""
    low, high = np.minimum(rows.min(axis=1, keepdims=True), 0), np.maximum(rows.max(axis=1, keepdims=True), 0)

    def shrunk(shrink: float, part: slice) -> Grid:
        scale = (high[part] - low[part]) * shrink / (levels - 1)
        scale = alive(scale)
        return Grid(levels, np.clip(np.rint(-low[part] * shrink / scale), 0, levels - 1), scale)

    return shrunk(1.0, slice(None)) if clipping == "max" else _best(rows, shrunk)


def binary(rows: Doubles) -> Grid:
    """Sign times mean magnitude, the least-squares solution. Source: XNOR-Net, arXiv 1603.05279."""
    mean = np.abs(rows).mean(axis=1, keepdims=True)
    return Grid(2, 0.5, alive(2 * mean))


def ternary(rows: Doubles) -> Grid:
    """-s, 0, s with the least squared error, found exactly. Source: Ternary Weight Networks, arXiv 1605.04711."""
    size = -np.sort(-np.abs(rows), axis=1)
    total = np.cumsum(size, axis=1)
    count = np.arange(1, rows.shape[1] + 1)
    best = np.argmax(total**2 / count, axis=1)[:, None]
    scale = np.take_along_axis(total, best, axis=1) / (best + 1)
    return Grid(3, 1.0, alive(scale))


def to_power_of_two(rows: Doubles, grid: Grid) -> Grid:
    """The same grid with scales 2^n (fixed point): for each row the better of the two nearest."""
    exponent = np.floor(np.log2(grid.scale))
    pair = [Grid(grid.levels, grid.zero, 2.0 ** (exponent + up)) for up in (0, 1)]
    errors = [_errors(rows, each) for each in pair]
    return Grid(grid.levels, grid.zero, np.where(errors[1] < errors[0], pair[1].scale, pair[0].scale))


def steps(rows: Doubles, step: float, largest_bits: int = 8) -> Grid:
    """Steps of `step` times each row's root mean square and as many levels as needed: meant for entropy coding.

    The width is the smallest whose clipping adds less than a twentieth to the rounding error.
    """
    power = np.sqrt(np.square(rows).mean(axis=1, keepdims=True))
    scale = alive(step * power)
    scale = np.maximum(scale, np.abs(rows).max(axis=1, keepdims=True) / (2 ** (largest_bits - 1) - 1))
    noise = (scale[power > 0] ** 2 / 12).sum() * rows.shape[1]
    for bits in range(2, largest_bits):
        zero = float(1 << (bits - 1))
        over = np.maximum(np.abs(rows) - (zero - 0.5) * scale, 0)
        if np.square(over).sum() <= 0.05 * noise:
            return Grid(1 << bits, zero, scale)
    return Grid(1 << largest_bits, float(1 << (largest_bits - 1)), scale)


def alive(scale: Doubles) -> Doubles:
    """The scales; rows of zeros get the mean of the others: it has no effect, but must be positive."""
    there = scale > 0
    return np.where(there, scale, scale[there].mean() if there.any() else 1.0)


def _best(rows: Doubles, make: Callable[[float, slice], Grid]) -> Grid:
    """For each row the grid of `make(shrink, rows)` with the least squared error."""
    step = max(1, _ROWS // rows.shape[1])
    parts = []
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        grids = [make(shrink, part) for shrink in SHRINKS]
        errors = np.stack([_errors(rows[part], grid) for grid in grids])
        chosen = errors.argmin(axis=0)
        scale = np.stack([grid.scale for grid in grids])[chosen[:, 0], np.arange(len(chosen))]
        zeros = [np.broadcast_to(grid.zero, grid.scale.shape) for grid in grids]
        parts.append((scale, np.stack(zeros)[chosen[:, 0], np.arange(len(chosen))], grids[0]))
    zero = parts[0][2].zero
    if isinstance(zero, np.ndarray):
        zero = np.concatenate([part[1] for part in parts])
    return Grid(parts[0][2].levels, zero, np.concatenate([part[0] for part in parts]))


def _errors(rows: Doubles, grid: Grid) -> Doubles:
    """Sum of squared errors of each row: (rows, 1)."""
    errors: Doubles = np.square(grid.values(grid.codes(rows)) - rows).sum(axis=1, keepdims=True)
    return errors
