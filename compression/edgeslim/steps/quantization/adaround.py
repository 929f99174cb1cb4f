"""Learned rounding: each weight goes up or down so that the layer's outputs, not its weights, change least.

The error of a layer's outputs follows from the Gram matrix of its inputs, so no image is run again: gradients are exact,
and a step is one matrix product. Source: AdaRound, Nagel et al. 2020, arXiv 2004.10568.
"""

from __future__ import annotations

import numpy as np

from edgeslim.steps.onnx_layers.gram import Gram
from edgeslim.steps.quantization.grids import Doubles, Grid
from edgeslim.steps.quantization.rounding import Bools

STRETCH = (-0.1, 1.1)
"""The sigmoid is stretched over this range and clipped, so that 0 and 1 are reached."""
WARM_UP = 0.2
"""Part of the steps without the pull to whole numbers."""
SHARPNESS = (20.0, 2.0)
"""Exponent of the pull, from the first step with it to the last."""
PULL = 5.0
"""Weight of the pull; a weight's own rounding error has a gradient of about 7."""
RATE = 0.05
"""Adam's step size."""


def learned(rows: Doubles, grid: Grid, gram: Gram, zeros: Bools | None, iterations: int) -> Doubles:
    """Codes (rows, K), each the float weight's neighbour below or above. The grid is spread over the weight."""
    groups, size, _ = gram.inputs.shape
    exact = rows / grid.scale + grid.zero
    below = np.clip(np.floor(exact), 0, grid.levels - 2)
    part = np.clip(exact - below, 0.001, 0.999)
    low, high = STRETCH
    variable = -np.log((high - low) / (part - low) - 1)
    scale = grid.scale
    # Losses are measured in units of the rounding noise, so that one pull suits every layer.
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
    """Gradient of PULL · Σ (1 - |2h - 1|^β): towards 0 and 1, ever more sharply."""
    if progress < WARM_UP:
        return 0.0
    start, end = SHARPNESS
    share = (progress - WARM_UP) / (1 - WARM_UP)
    beta = end + (start - end) * 0.5 * (1 + np.cos(np.pi * share))
    centred = 2 * up - 1
    gradient: Doubles = -PULL * 2 * beta * np.sign(centred) * np.abs(centred) ** (beta - 1)
    return gradient
