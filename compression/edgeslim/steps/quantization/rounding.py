"""Which code each weight gets: the nearest, or the one whose error later weights of the row can still make good."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgeslim.steps.onnx_layers.gram import Gram
from edgeslim.steps.quantization.grids import Doubles

Bools = NDArray[np.bool_]
DAMPING = 0.01
"""Share of the mean input power added to the Gram matrix's diagonal."""
SWEEPS = 2
"""Rounds in which every column is chosen again; more gain nothing (measured)."""
_BLOCK = 64
"""Columns rounded before the rest is brought up to date: keeps the work in matrix products."""


class Values(Protocol):
    """What codes can stand for, element by element."""

    def codes(self, values: Doubles) -> Doubles: ...
    def values(self, codes: Doubles) -> Doubles: ...


class Levels(Values, Protocol):
    """The same for a whole weight (rows, K), and for each of its columns (rows,)."""

    def column(self, k: int) -> Values: ...


def nearest(rows: Doubles, levels: Levels, zeros: Bools | None) -> Doubles:
    """Codes (rows, K) nearest to the weights; where `zeros` is set, nearest to zero."""
    return levels.codes(rows if zeros is None else np.where(zeros, 0.0, rows))


def compensated(rows: Doubles, levels: Levels, gram: Gram, zeros: Bools | None) -> Doubles:
    """Codes chosen column by column; each column's error is spread over the columns still to come.

    Columns with the strongest input come first. Then each column is chosen again, given all others, by coordinate
    descent. `rows` is the float weight to approach, best refitted. Source: GPTQ, Frantar et al. 2023, arXiv 2210.17323.
    """
    groups, size, _ = gram.inputs.shape
    order = np.argsort(-np.diagonal(gram.inputs, axis1=1, axis2=2).mean(axis=0), kind="stable")
    hessian = gram.damped(DAMPING)[:, order][:, :, order]
    factor = np.swapaxes(np.linalg.cholesky(np.linalg.inv(hessian)), 1, 2)
    work = rows.reshape(groups, -1, size)[:, :, order].copy()
    codes = np.zeros(rows.shape)
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        errors = np.zeros((*work.shape[:2], stop - start))
        for k in range(start, stop):
            column = order[k]
            wanted = work[:, :, k]
            codes[:, column], values = _choose(wanted, levels, column, zeros)
            errors[:, :, k - start] = (wanted - values) / factor[:, k, k, None]
            work[:, :, k:stop] -= errors[:, :, k - start, None] * factor[:, k, None, k:stop]
        work[:, :, stop:] -= errors @ factor[:, start:stop, stop:]
    return improved(codes, rows, levels, gram, zeros)


def improved(codes: Doubles, rows: Doubles, levels: Levels, gram: Gram, zeros: Bools | None) -> Doubles:
    """Coordinate descent on the output error: every column's best code, given the others, SWEEPS times."""
    groups, size, _ = gram.inputs.shape
    hessian = gram.damped(DAMPING)
    codes = codes.copy()
    off = (levels.values(codes) - rows).reshape(groups, -1, size)
    exact = rows.reshape(off.shape)
    for start in list(range(0, size, _BLOCK)) * SWEEPS:
        stop = min(start + _BLOCK, size)
        slope = off @ hessian[:, :, start:stop]
        for k in range(start, stop):
            wanted = exact[:, :, k] + off[:, :, k] - slope[:, :, k - start] / hessian[:, k, k, None]
            codes[:, k], values = _choose(wanted, levels, k, zeros)
            change = values - exact[:, :, k] - off[:, :, k]
            slope += change[:, :, None] * hessian[:, k, None, start:stop]
            off[:, :, k] += change
    return codes


def _choose(wanted: Doubles, levels: Levels, k: int, zeros: Bools | None) -> tuple[Doubles, Doubles]:
    """Codes (rows,) of a column nearest to the wanted values (G, O), and what they stand for (G, O)."""
    column = levels.column(k)
    flat = wanted.reshape(-1)
    codes = column.codes(flat if zeros is None else np.where(zeros[:, k], 0.0, flat))
    return codes, column.values(codes).reshape(wanted.shape)
