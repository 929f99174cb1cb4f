"""Channel statistics: matching the mean and standard deviation of output channels to the original's.

The output channels of compressed layers are shifted and shrunk, and the error grows from layer to layer until a detector
detects nothing. One scale and one shift per channel correct this, layer by layer, without gradients or labels, and cost
nothing to store: the scale is merged into the weight's stored scale, the shift into the bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Doubles

LARGEST_GAIN = 8.0
"""Largest scale of a channel, and inverse of the smallest: beyond these, what is left of it is noise."""


@dataclass(frozen=True, slots=True)
class ChannelStatistics:
    """Mean and standard deviation of each channel (C,)."""

    mean: Doubles
    deviation: Doubles


def channel_statistics(outputs: Sequence[NDArray[Any]]) -> ChannelStatistics:
    """Statistics over images and positions; channels are axis 1."""
    count, first, second = 0, np.zeros(outputs[0].shape[1]), np.zeros(outputs[0].shape[1])
    for output in outputs:
        flat = np.moveaxis(output, 1, 0).reshape(output.shape[1], -1)
        count += flat.shape[1]
        first += flat.sum(axis=1, dtype=np.float64)
        second += np.einsum("cn,cn->c", flat, flat)
    mean = first / count
    return ChannelStatistics(mean, np.sqrt(np.maximum(second / count - mean**2, 0.0)))


def gains(target: ChannelStatistics, now: ChannelStatistics) -> Doubles:
    """Scale of each channel that makes its standard deviation the target's; 1 for constant channels."""
    alive = (now.deviation > 1e-6 * np.maximum(np.abs(now.mean), 1e-6)) & (target.deviation > 0)
    ratio = np.divide(target.deviation, now.deviation, out=np.ones_like(now.deviation), where=alive)
    return np.clip(ratio, 1 / LARGEST_GAIN, LARGEST_GAIN)
