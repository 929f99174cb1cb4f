"""Coupled channels: layers that must lose the same ones together, their scores, and the choice among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, fx, nn

IMPORTANCES = ("l2", "l1", "bn_scale", "lamp", "random")


@dataclass(frozen=True, slots=True)
class ChannelGroup:
    """Layers coupled by the network's structure.

    `scores` (channels / parts,) has one value for what is removed together; `parts` is more than one where a
    grouped convolution must lose the same channel in each of its groups.
    """

    root: nn.Module
    scores: Tensor
    parts: int

    @property
    def channels(self) -> int:
        return len(self.scores) * self.parts


class Coupling:
    """The dependency graph of a network. Source: Fang et al. 2023, arXiv 2301.12900 (torch-pruning)."""

    def __init__(self, module: fx.GraphModule, example: Tensor, kept: set[nn.Module]) -> None:
        import torch_pruning
        from torch import nn

        self._roots = (nn.modules.conv._ConvNd, nn.Linear)
        self._kept = list(kept)
        self._graph = torch_pruning.DependencyGraph().build_dependency(
            module, example_inputs=(example,), verbose=False
        )

    def groups(self, importance: str, seed: int) -> list[ChannelGroup]:
        """All groups whose channels may be removed and can be scored."""
        import torch

        score = _importance(importance, torch.Generator().manual_seed(seed))
        found = []
        for group in self._graph.get_all_groups(self._kept, self._roots):
            scores = score(group)
            if scores is None:
                continue
            parts = max([1, *(_parts(dependency.target.module) for dependency, _ in group)])
            together = scores.reshape(parts, -1).mean(0)
            found.append(ChannelGroup(group[0][0].target.module, together, parts))
        return found

    def remove(self, group: ChannelGroup, places: Sequence[int]) -> None:
        """Remove the channels at `places` of the group's scores, in all its layers, in place."""
        size = len(group.scores)
        indices = sorted(place + part * size for part in range(group.parts) for place in places)
        pruner = self._graph.get_pruner_of_module(group.root)
        self._graph.get_pruning_group(group.root, pruner.prune_out_channels, indices).prune()


def choose(
    groups: Sequence[ChannelGroup], ratio: float, scope: str, max_ratio: float, round_to: int
) -> list[list[int]]:
    """Places to remove from each group so that the part `ratio` of all channels goes, lowest scores first.

    'uniform' takes the same part of every group; 'global' ranks over all groups but takes no more than
    `max_ratio` of any. Each group keeps a multiple of `round_to` channels, by removing fewer, or all.
    """
    import torch

    orders = [torch.argsort(group.scores, stable=True).tolist() for group in groups]
    if scope == "uniform":
        counts = [int(ratio * len(group.scores)) for group in groups]
    else:
        counts = _global_counts(groups, orders, ratio, max_ratio)
    return [
        order[: _rounded(count, group, round_to)]
        for group, order, count in zip(groups, orders, counts, strict=True)
    ]


def _global_counts(
    groups: Sequence[ChannelGroup], orders: list[list[int]], ratio: float, max_ratio: float
) -> list[int]:
    caps = [min(int(max_ratio * len(group.scores)), len(group.scores) - 1) for group in groups]
    candidates = sorted(
        (float(group.scores[place]), index, place, group.parts)
        for index, (group, order, cap) in enumerate(zip(groups, orders, caps, strict=True))
        for place in order[:cap]
    )
    wanted = ratio * sum(group.channels for group in groups)
    counts, removed = [0] * len(groups), 0
    for _, index, _, parts in candidates:
        if removed + parts > wanted:
            break
        counts[index] += 1
        removed += parts
    return counts


def _rounded(count: int, group: ChannelGroup, round_to: int) -> int:
    size = len(group.scores)
    unit = round_to // math.gcd(round_to, group.parts)
    left = max(size - count, 1)
    return size - min(-(-left // unit) * unit, size)


def _importance(name: str, generator: Any) -> Any:
    """A function from a torch-pruning group to scores (channels,), None where there is nothing to score."""
    import torch
    from torch_pruning.pruner import importance

    if name == "random":
        return lambda group: torch.rand(len(group[0][1]), generator=generator)
    return {
        "l1": lambda: importance.GroupMagnitudeImportance(p=1),
        "l2": lambda: importance.GroupMagnitudeImportance(p=2),
        "bn_scale": importance.BNScaleImportance,
        "lamp": importance.LAMPImportance,
    }[name]()


def _parts(layer: Any) -> int:
    from torch import nn

    grouped = isinstance(layer, nn.modules.conv._ConvNd) and layer.groups != layer.in_channels
    return layer.groups if grouped else 1
