"""Rounding of weights to codes: to nearest, with errors compensated by later weights, or learned (AdaRound).

The error of a layer's outputs follows from the Gram matrix of its inputs, so no image is run again: gradients are exact,
and a step is one matrix product. Source: AdaRound, Nagel et al. 2020, arXiv 2004.10568.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from edgeslim.detections import BoolArray, Doubles
from edgeslim.steps.onnx_layers.gram import Gram
from edgeslim.steps.quantization.grids import Grid

DAMPING = 0.01
"""Share of the mean input power added to the diagonal of the Gram matrix."""
SWEEPS = 2
"""Passes of coordinate descent over all columns; more gain nothing (measured)."""
_BLOCK = 64
"""Columns rounded before the remaining ones are updated: keeps the work in matrix products."""


class Values(Protocol):
    """Mapping between codes and the values that they stand for, element by element."""

    def codes(self, values: Doubles) -> Doubles: ...
    def values(self, codes: Doubles) -> Doubles: ...


class Levels(Values, Protocol):
    """The same for a whole weight (rows, K) and for each of its columns (rows,)."""

    def column(self, k: int) -> Values: ...


def nearest(rows: Doubles, levels: Levels, zeros: BoolArray | None) -> Doubles:
    """Codes (rows, K) nearest to the weights, or nearest to zero where `zeros` is set."""
    return levels.codes(rows if zeros is None else np.where(zeros, 0.0, rows))


def compensated(rows: Doubles, levels: Levels, gram: Gram, zeros: BoolArray | None) -> Doubles:
    """Codes chosen column by column; the columns still to come compensate the error of each.

    Columns with the largest input power come first. Coordinate descent (`improved`) follows. `rows` is the float weight
    to approximate, ideally refitted (`Gram.refitted`). Source: GPTQ, Frantar et al. 2023, arXiv 2210.17323.
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


def improved(codes: Doubles, rows: Doubles, levels: Levels, gram: Gram, zeros: BoolArray | None) -> Doubles:
    """Coordinate descent on the output error: the best code of each column given all others, SWEEPS times."""
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


def _choose(wanted: Doubles, levels: Levels, k: int, zeros: BoolArray | None) -> tuple[Doubles, Doubles]:
    """Codes (rows,) of a column nearest to the wanted values (G, O), and the values they stand for (G, O)."""
    column = levels.column(k)
    flat = wanted.reshape(-1)
    codes = column.codes(flat if zeros is None else np.where(zeros[:, k], 0.0, flat))
    return codes, column.values(codes).reshape(wanted.shape)


STRETCH = (-0.1, 1.1)
"""The sigmoid is stretched to this range and clipped, so that 0 and 1 are reached."""
WARM_UP = 0.2
"""Share of the steps without the regularizer that pulls towards 0 and 1."""
SHARPNESS = (20.0, 2.0)
"""Exponent of the regularizer, from its first step to its last."""
PULL = 5.0
"""Weight of the regularizer; the gradient of a weight's own rounding error is about 7."""
RATE = 0.05
"""Learning rate of Adam."""


def learned(rows: Doubles, grid: Grid, gram: Gram, zeros: BoolArray | None, iterations: int) -> Doubles:
    """AdaRound: codes (rows, K), each the grid point below or above the float weight. The grid is spread."""
    groups, size, _ = gram.inputs.shape
    exact = rows / grid.scale + grid.zero
    below = np.clip(np.floor(exact), 0, grid.levels - 2)
    part = np.clip(exact - below, 0.001, 0.999)
    low, high = STRETCH
    variable = -np.log((high - low) / (part - low) - 1)
    scale = grid.scale
    # Losses are measured in units of the rounding noise, so that one regularizer weight suits every layer.
    power = np.trace(gram.inputs, axis1=1, axis2=2).repeat(len(rows) // groups)[:, None] / size
    unit = np.maximum(power * scale**2 / 12, 1e-20)
    first, second = np.zeros_like(variable), np.zeros_like(variable)
    for step in range(1, iterations + 1):
        sigmoid = 1 / (1 + np.exp(-variable))
        stretched = sigmoid * (high - low) + low
        up = np.clip(stretched, 0, 1)
        slope = np.where((stretched > 0) & (stretched < 1), sigmoid * (1 - sigmoid) * (high - low), 0)
        off = (grid.values(below + up) - rows).reshape(groups, -1, size)
        gradient = 2 * (off @ gram.inputs).reshape(rows.shape) * scale / unit
        gradient += _pull(up, step / iterations)
        gradient *= slope
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        corrected = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-10)
        variable -= RATE * corrected
    codes = below + (variable > 0)
    return codes if zeros is None else np.where(zeros, grid.codes(np.zeros_like(rows)), codes)


def _pull(up: Doubles, progress: float) -> Doubles | float:
    """Gradient of the regularizer PULL · Σ (1 - |2h - 1|^β), which pulls towards 0 and 1 ever more sharply."""
    if progress < WARM_UP:
        return 0.0
    start, end = SHARPNESS
    share = (progress - WARM_UP) / (1 - WARM_UP)
    beta = end + (start - end) * 0.5 * (1 + np.cos(np.pi * share))
    centred = 2 * up - 1
    gradient: Doubles = -PULL * 2 * beta * np.sign(centred) * np.abs(centred) ** (beta - 1)
    return gradient
