"""Coupled channels: layers that must lose the same channels together, and the cost of those channels."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch_pruning
from torch import Tensor, fx, nn

from edgeslim.steps.pruning.channel_flow import kept_whole


def inputs_of(layer: nn.Module) -> int:
    """Number of input channels or features."""
    return int(getattr(layer, "in_channels", 0) or getattr(layer, "in_features", 0))


def outputs_of(layer: nn.Module) -> int:
    """Number of output channels or features."""
    return int(getattr(layer, "out_channels", 0) or getattr(layer, "out_features", 0))


def across_inputs(layer: nn.Module, values: Tensor) -> Tensor:
    """Values (inputs,) shaped to be multiplied with the weight."""
    weight, groups = layer.get_parameter("weight"), _groups(layer)
    if _transposed(layer):
        return values.reshape(-1, *(1,) * (weight.dim() - 1))
    rows = values.reshape(groups, 1, -1).expand(groups, weight.shape[0] // groups, -1)
    return rows.reshape(weight.shape[0], -1, *(1,) * (weight.dim() - 2))


def by_input(layer: nn.Module, product: Tensor) -> Tensor:
    """(inputs,): a tensor of the weight's shape, summed over the entries that read each input."""
    if _transposed(layer):
        return product.flatten(1).sum(1)
    groups = _groups(layer)
    rows = product.reshape(groups, product.shape[0] // groups, product.shape[1], -1)
    return rows.sum((1, 3)).flatten()


def by_output(layer: nn.Module, product: Tensor) -> Tensor:
    """(outputs,): a tensor of the weight's shape, summed over the entries of each output; not for transposed layers."""
    return product.flatten(1).sum(1)


def has_steady_inputs(layer: nn.Module) -> bool:
    """Whether a constant input gives a constant output except at borders, so that a bias can replace it."""
    return not _transposed(layer)


def _groups(layer: nn.Module) -> int:
    return int(getattr(layer, "groups", 1))


def _transposed(layer: nn.Module) -> bool:
    return bool(getattr(layer, "transposed", False))


@dataclass(frozen=True, eq=False, slots=True)
class Member:
    """Channels (k,) of a layer's inputs or outputs, and the index (k,) of each in the group."""

    layer: nn.Module
    channels: Tensor
    places: Tensor


@dataclass(frozen=True, eq=False, slots=True)
class ChannelGroup:
    """Layers coupled by the network's structure. All channels at one index are removed together.

    `parts` is more than one where a grouped convolution must lose the same channel in each of its groups: there are then
    that many channels at each index.
    """

    root: nn.Module
    size: int
    parts: int
    writers: tuple[Member, ...]
    """Layers that lose output channels."""
    readers: tuple[Member, ...]
    """Layers that lose input channels."""
    coupled: Any
    """The group as torch-pruning represents it."""

    @property
    def channels(self) -> int:
        return self.size * self.parts


class Coupling:
    """The dependency graph of a network. Source: Fang et al. 2023, arXiv 2301.12900 (torch-pruning)."""

    def __init__(self, module: fx.GraphModule, example: Tensor) -> None:
        """`example` is (1, channels, height, width)."""
        kept, traceable = kept_whole(module, example)
        self._roots = (nn.modules.conv._ConvNd, nn.Linear)
        self._kept = list(kept)
        self._graph = torch_pruning.DependencyGraph().build_dependency(
            traceable, example_inputs=(example,), verbose=False
        )

    def groups(self) -> list[ChannelGroup]:
        """All groups whose channels may be removed; the same groups in the same order for equal networks."""
        return [_group(found) for found in self._graph.get_all_groups(self._kept, self._roots)]

    def remove(self, group: ChannelGroup, places: Sequence[int]) -> None:
        """Remove the channels at the indices `places` from all layers of the group, in place."""
        indices = sorted(place + part * group.size for part in range(group.parts) for place in places)
        pruner = self._graph.get_pruner_of_module(group.root)
        self._graph.get_pruning_group(group.root, pruner.prune_out_channels, indices).prune()


def pruned_copy(module: fx.GraphModule, example: Tensor, places: Sequence[Sequence[int]]) -> fx.GraphModule:
    """The network without the channels at the indices `places` of each group."""
    pruned = copy.deepcopy(module)
    coupling = Coupling(pruned, example)
    for group, chosen in zip(coupling.groups(), places, strict=True):
        if chosen:
            coupling.remove(group, chosen)
    return pruned


def survivors(
    module: nn.Module, groups: Sequence[ChannelGroup], places: Sequence[Sequence[int]]
) -> dict[str, Tensor]:
    """For every layer that loses output channels, by name: the indices of those that remain."""
    names = {layer: name for name, layer in module.named_modules()}
    gone: dict[str, Tensor] = {}
    for group, chosen in zip(groups, places, strict=True):
        for member in group.writers if chosen else ():
            name = names[member.layer]
            lost = member.channels[torch.isin(member.places, torch.tensor(list(chosen)))]
            gone[name] = torch.cat([gone.get(name, lost[:0]), lost])
    return {
        name: torch.tensor(sorted(set(range(outputs_of(module.get_submodule(name)))) - set(lost.tolist())))
        for name, lost in gone.items()
    }


def costs(module: nn.Module, groups: Sequence[ChannelGroup], example: Tensor, macs: bool) -> list[float]:
    """Parameters, or MACs for `example`, that removing one index of each group saves at full width."""
    places = _positions(module, example) if macs else {}
    found = []
    for group in groups:
        total = 0.0
        for members, width in ((group.writers, outputs_of), (group.readers, inputs_of)):
            for member in members:
                each = member.layer.get_parameter("weight").numel() / width(member.layer)
                total += each * len(member.channels) * places.get(member.layer, 1.0)
        found.append(total / group.size)
    return found


def _group(found: Any) -> ChannelGroup:
    root_channels = len(found[0].idxs)
    parts = max([1, *(_parts(dependency.target.module) for dependency, _ in found)])
    size = root_channels // parts
    writers: list[Member] = []
    readers: list[Member] = []
    for place, (dependency, channels) in enumerate(found):
        layer, roots = dependency.target.module, found[place].root_idxs
        if not isinstance(layer, (nn.modules.conv._ConvNd, nn.Linear)) or None in roots:
            continue
        member = Member(layer, torch.tensor(list(channels)), torch.tensor(list(roots)) % size)
        (readers if "in_channels" in dependency.handler.__name__ else writers).append(member)
    return ChannelGroup(found[0].dep.target.module, size, parts, tuple(writers), tuple(readers), found)


def _positions(module: nn.Module, example: Tensor) -> dict[nn.Module, float]:
    """Number of positions at which each layer is evaluated."""
    seen: dict[nn.Module, float] = {}

    def look(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        transposed = isinstance(layer, nn.modules.conv._ConvTransposeNd)
        here = inputs[0].numel() / inputs_of(layer) if transposed else output.numel() / outputs_of(layer)
        seen[layer] = seen.get(layer, 0.0) + here

    kinds = (nn.modules.conv._ConvNd, nn.Linear)
    handles = [layer.register_forward_hook(look) for layer in module.modules() if isinstance(layer, kinds)]
    with torch.no_grad():
        module(example)
    for handle in handles:
        handle.remove()
    return seen


def _parts(layer: Any) -> int:
    grouped = isinstance(layer, nn.modules.conv._ConvNd) and layer.groups != layer.in_channels
    return layer.groups if grouped else 1
