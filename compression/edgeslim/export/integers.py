"""Weights as integers: the step of which a channel's weights are whole multiples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WHOLE = 1e-3
"""Tolerance, in steps, of weights that count as whole multiples of a step."""
_PARTS = 16
"""Largest multiple of the step that the smallest weight may be."""


def common_steps(rows: NDArray[np.float32], limit: int) -> NDArray[np.float32]:
    """(rows,): the coarsest step of which the weights of a row are multiples up to ±limit; 0 where there is none."""
    least = np.where(rows == 0, np.inf, np.abs(rows)).min(axis=1, keepdims=True)
    found = np.zeros(len(rows), np.float32)
    for part in range(_PARTS, 0, -1):  # the coarsest comes last
        multiples = rows / (least / part)
        off = np.abs(multiples - np.rint(multiples)).max(axis=1)
        fits = (off < WHOLE) & (np.abs(multiples).max(axis=1) < limit + 0.5) & np.isfinite(least[:, 0])
        found = np.where(fits, least[:, 0] / part, found).astype(np.float32)
    return found
