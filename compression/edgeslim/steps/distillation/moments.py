"""Mean and variance of every channel of a unit's output: measured in the original, brought about in the compressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from edgeslim.progress import Progress
from edgeslim.steps.torch_network.running import Images
from edgeslim.steps.torch_network.units import Unit
from edgeslim.steps.torch_network.walk import walk

GAIN_LIMIT = 8.0
"""No channel is made stronger or weaker by more: what is left of it would be noise."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Over images and places: `mean` (channels,) and `variance` (channels,), float64."""

    mean: Tensor
    variance: Tensor

    def of(self, channels: Tensor | None) -> Moments:
        """Those of some channels (indices), or of all."""
        return self if channels is None else Moments(self.mean[channels], self.variance[channels])


def moments_of(unit: Unit, outputs: Sequence[Tensor]) -> Moments:
    """Of a unit's outputs, one tensor an image."""
    rows = [unit.by_channel(output).double() for output in outputs]
    count = sum(row.shape[1] for row in rows)
    mean = torch.stack([row.sum(1) for row in rows]).sum(0) / count
    squares = torch.stack([(row - mean[:, None]).square().sum(1) for row in rows]).sum(0)
    return Moments(mean, squares / count)


def original_moments(
    module: fx.GraphModule, units: Sequence[Unit], images: Images, indices: Sequence[int], progress: Progress
) -> dict[str, Moments]:
    """What each unit of the original gives, by name."""
    ends = {unit.end: unit for unit in units}
    found: dict[str, Moments] = {}

    def look(node: fx.Node, values: list[Any]) -> list[Any]:
        if node in ends:
            found[ends[node].name] = moments_of(ends[node], values)
        return values

    walk(module, [images.take([index]) for index in indices], look, progress)
    return found


def match(unit: Unit, outputs: Sequence[Tensor], wanted: Moments, *, variance: bool) -> list[Tensor]:
    """Scale and shift the unit's channels, in place, so that their moments are as wanted; the new outputs.

    A channel that is constant, here or in the original, is only shifted.
    """
    own = moments_of(unit, outputs)
    scale = torch.ones_like(own.mean)
    if variance:
        alive = (own.variance > 0) & (wanted.variance > 0)
        ratio = (wanted.variance / own.variance.where(alive, torch.ones_like(scale))).sqrt()
        scale = ratio.clamp(1 / GAIN_LIMIT, GAIN_LIMIT).where(alive, scale)
    shift = wanted.mean - own.mean * scale
    scale, shift = scale.float(), shift.float()
    unit.adjust(scale, shift)
    return [output * unit.across(scale, output) + unit.across(shift, output) for output in outputs]
