"""Matching each channel's output mean and deviation to the original's: one scale and one shift a channel.

A compressed layer, fed by compressed layers, gives outputs whose channels are shifted and shrunk; the error grows from
layer to layer until a detector sees nothing. Undoing that at each layer in turn needs no gradients and no labels, and
costs nothing to store: the scale goes into the weight's stored scale, the shift into the bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
LARGEST_GAIN = 8.0
"""A channel is not scaled by more than this, nor by less than its inverse: it would carry noise alone."""


@dataclass(frozen=True, slots=True)
class ChannelStatistics:
    """Mean and standard deviation of each channel (C,)."""

    mean: Doubles
    deviation: Doubles


def channel_statistics(outputs: Sequence[NDArray[Any]]) -> ChannelStatistics:
    """Over images and places; channels are axis 1."""
    count, first, second = 0, np.zeros(outputs[0].shape[1]), np.zeros(outputs[0].shape[1])
    for output in outputs:
        flat = output.reshape(output.shape[1], -1) if len(output) == 1 else _by_channel(output)
        count += flat.shape[1]
        first += flat.sum(axis=1, dtype=np.float64)
        second += np.einsum("cn,cn->c", flat, flat)
    mean = first / count
    return ChannelStatistics(mean, np.sqrt(np.maximum(second / count - mean**2, 0.0)))


def gains(target: ChannelStatistics, now: ChannelStatistics) -> Doubles:
    """Factor of each channel that makes its deviation the target's; 1 for channels that do not vary."""
    alive = (now.deviation > 1e-6 * np.maximum(np.abs(now.mean), 1e-6)) & (target.deviation > 0)
    ratio = np.divide(target.deviation, now.deviation, out=np.ones_like(now.deviation), where=alive)
    return np.clip(ratio, 1 / LARGEST_GAIN, LARGEST_GAIN)


def _by_channel(output: NDArray[Any]) -> NDArray[Any]:
    return np.moveaxis(output, 1, 0).reshape(output.shape[1], -1)
