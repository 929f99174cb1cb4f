"""Layers of a compressed network paired with those of its original; mean and variance of their channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from edgeslim.progress import Progress
from edgeslim.steps.onnx_layers.statistics import LARGEST_GAIN
from edgeslim.steps.torch_network.running import Images, walk
from edgeslim.steps.torch_network.units import Unit


@dataclass(frozen=True, slots=True)
class UnitPair:
    """`channels`: indices of the original's channels that remain in the compressed unit; None: all."""

    compressed: Unit
    original: Unit
    channels: Tensor | None


def pair_up(
    compressed: Sequence[Unit], original: Sequence[Unit]
) -> tuple[list[UnitPair], list[dict[str, str]]]:
    """The pairs in the order of the compressed network, and the units without a counterpart: {name, reason}.

    Units are paired by name; the last of the layers that replaced one ('conv.2' of 'conv') represents it. Where channels
    were removed, the remaining ones are identified by their biases, BatchNorm values and depthwise kernels, which
    removal does not change. Reasons: 'new' (no such unit in the original), 'shared' (called several times), 'channels'
    (the remaining channels cannot be identified).
    """
    wanted = {unit.name: unit for unit in original}
    names = {unit.name for unit in compressed}
    parts = [name for name in sorted(names - wanted.keys(), key=_number) if _above(name) not in names]
    replaced = {_above(name): name for name in parts}
    pairs, left = [], []
    for unit in compressed:
        above = _above(unit.name)
        other = wanted.get(above if replaced.get(above) == unit.name else unit.name)
        if other is None:
            left.append({"name": unit.name, "reason": "new"})
        elif unit.shared or other.shared:
            left.append({"name": unit.name, "reason": "shared"})
        elif unit.channels == other.channels:
            pairs.append(UnitPair(unit, other, None))
        elif (channels := _survivors(unit, other)) is None:
            left.append({"name": unit.name, "reason": "channels"})
        else:
            pairs.append(UnitPair(unit, other, channels))
    return pairs, left


def _survivors(unit: Unit, other: Unit) -> Tensor | None:
    """For every channel of the unit, the channel of the original with identical values; None if not unique."""
    own, all_ = _marks(unit), _marks(other)
    if own.shape[1] != all_.shape[1] or own.shape[1] == 0:
        return None
    equal = (own[:, None] == all_[None]).all(2)
    return equal.int().argmax(1) if bool((equal.sum(1) == 1).all()) else None


def _marks(unit: Unit) -> Tensor:
    """(channels, k): values that belong to a single output channel."""
    columns = [torch.zeros((unit.channels, 0))]
    if unit.layer.bias is not None:
        columns.append(unit.layer.bias.detach()[:, None])
    if unit.norm is not None:
        norm = unit.norm
        tensors = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
        columns += [tensor.detach()[:, None] for tensor in tensors if tensor is not None]
    layer = unit.layer
    if isinstance(layer, nn.Conv1d | nn.Conv2d) and layer.groups == layer.in_channels == layer.out_channels:
        columns.append(layer.weight.detach().flatten(1))
    return torch.cat(columns, 1)


def _above(name: str) -> str:
    """'conv' of 'conv.2'."""
    path, _, leaf = name.rpartition(".")
    return path if leaf.isdigit() else ""


def _number(name: str) -> int:
    leaf = name.rpartition(".")[2]
    return int(leaf) if leaf.isdigit() else -1


@dataclass(frozen=True, slots=True)
class ChannelMoments:
    """Over images and positions: `mean` (channels,) and `variance` (channels,), float64."""

    mean: Tensor
    variance: Tensor

    def of(self, channels: Tensor | None) -> ChannelMoments:
        """The moments of some channels (indices), or of all."""
        return self if channels is None else ChannelMoments(self.mean[channels], self.variance[channels])


def moments_of(unit: Unit, outputs: Sequence[Tensor]) -> ChannelMoments:
    """Moments of a unit's outputs, one tensor per image."""
    rows = [unit.by_channel(output).double() for output in outputs]
    count = sum(row.shape[1] for row in rows)
    mean = torch.stack([row.sum(1) for row in rows]).sum(0) / count
    squares = torch.stack([(row - mean[:, None]).square().sum(1) for row in rows]).sum(0)
    return ChannelMoments(mean, squares / count)


def original_moments(
    module: fx.GraphModule, units: Sequence[Unit], images: Images, indices: Sequence[int], progress: Progress
) -> dict[str, ChannelMoments]:
    """Moments of the output of each unit of the original, by name."""
    ends = {unit.end: unit for unit in units}
    found: dict[str, ChannelMoments] = {}

    def look(node: fx.Node, values: list[Any]) -> list[Any]:
        if node in ends:
            found[ends[node].name] = moments_of(ends[node], values)
        return values

    walk(module, [images.take([index]) for index in indices], look, progress)
    return found


def match(unit: Unit, outputs: Sequence[Tensor], wanted: ChannelMoments, *, variance: bool) -> list[Tensor]:
    """Scale and shift the unit's channels, in place, to the wanted moments; returns the new outputs.

    A channel that is constant, here or in the original, is only shifted.
    """
    own = moments_of(unit, outputs)
    scale = torch.ones_like(own.mean)
    if variance:
        alive = (own.variance > 0) & (wanted.variance > 0)
        ratio = (wanted.variance / own.variance.where(alive, torch.ones_like(scale))).sqrt()
        scale = ratio.clamp(1 / LARGEST_GAIN, LARGEST_GAIN).where(alive, scale)
    shift = wanted.mean - own.mean * scale
    scale, shift = scale.float(), shift.float()
    unit.adjust(scale, shift)
    return [output * unit.across(scale, output) + unit.across(shift, output) for output in outputs]
