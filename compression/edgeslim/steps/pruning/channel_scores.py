"""Importance of channels: scores by weights or gradients, and measured sensitivity of the outputs to their removal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from edgeslim.progress import Progress
from edgeslim.steps.pruning.channel_choice import Curve
from edgeslim.steps.pruning.channel_groups import (
    ChannelGroup,
    across_inputs,
    by_input,
    by_output,
    has_steady_inputs,
    inputs_of,
)
from edgeslim.steps.pruning.gradients import OutputProbe

Means = dict[nn.Module, Tensor]
"""Mean of each input channel of a layer (inputs,), over images and positions."""


def by_weights(groups: Sequence[ChannelGroup], importance: str, seed: int) -> list[Tensor | None]:
    """Scores (size,) from the weights alone, or random ones; None for groups that cannot be scored.

    Scores by l1, l2, bn_scale, lamp and fpgm are relative to the mean of their group.
    """
    if importance == "fpgm":
        return [_median_distance(group) for group in groups]
    score = _scorer(importance, torch.Generator().manual_seed(seed))
    found: list[Tensor | None] = []
    for group in groups:
        channels = score(group)
        found.append(None if channels is None else channels.reshape(group.parts, -1).mean(0))
    return found


def by_gradients(
    groups: Sequence[ChannelGroup], passes: Iterable[object], means: Means | None
) -> list[Tensor]:
    """Mean square, over backward passes, of the first-order change when the channels at an index are removed.

    Removed channels count as zero or, given `means`, as their mean, which a shift of the biases can replace. Comparable
    between groups. Source: Molchanov et al. 2019, arXiv 1906.10771.
    """
    totals = [torch.zeros(group.size) for group in groups]
    readers = dict.fromkeys(member.layer for group in groups for member in group.readers)
    shifts: dict[nn.Module, Tensor] = {}
    with ExitStack() as stack:
        for layer in readers if means is not None else ():
            stack.callback(layer.register_forward_hook(_keep_shift(shifts)).remove)
        count = 0
        for _ in passes:
            count += 1
            change = {layer: _change(layer, means, shifts) for layer in readers}
            for group, total in zip(groups, totals, strict=True):
                here = torch.zeros_like(total)
                for member in group.readers:
                    here.scatter_add_(0, member.places, change[member.layer][member.channels])
                total += here.square()
    return [total / max(count, 1) for total in totals]


def input_means(module: nn.Module, groups: Sequence[ChannelGroup], images: Sequence[Tensor]) -> Means:
    """Mean inputs of the layers that read any of the groups; none for transposed convolutions."""
    sums: dict[nn.Module, list[Tensor]] = {}

    def look(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        rows = inputs[0].movedim(_axis(layer), 0).flatten(1)
        sums.setdefault(layer, []).append(rows.mean(1))

    with ExitStack() as stack, torch.no_grad():
        for layer in dict.fromkeys(member.layer for group in groups for member in group.readers):
            if has_steady_inputs(layer):
                stack.callback(layer.register_forward_hook(look).remove)
        for image in images:
            module(image)
    return {layer: torch.stack(rows).mean(0) for layer, rows in sums.items()}


def _change(layer: nn.Module, means: Means | None, shifts: dict[nn.Module, Tensor]) -> Tensor:
    """(inputs,): first-order change of the backpropagated value when an input is replaced by zero, or by its mean."""
    weight = layer.get_parameter("weight")
    if weight.grad is None:
        return torch.zeros(inputs_of(layer))
    change = by_input(layer, weight.detach() * weight.grad)
    if means is None or layer not in means or layer not in shifts:
        return change
    steady = shifts.pop(layer).reshape(-1, *(1,) * (weight.dim() - 1))
    return change - means[layer] * by_input(layer, weight.detach() * steady)


def _keep_shift(shifts: dict[nn.Module, Tensor]) -> Callable[..., None]:
    """A forward hook that stores the gradient of a layer's output summed over positions: the gradient of a bias."""

    def hook(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        def keep(gradient: Tensor) -> None:
            rows = gradient.movedim(_axis(layer), 0).flatten(1).sum(1)
            shifts[layer] = shifts[layer] + rows if layer in shifts else rows

        if output.requires_grad:
            output.register_hook(keep)  # type: ignore[no-untyped-call]

    return hook


def _axis(layer: nn.Module) -> int:
    return -1 if isinstance(layer, nn.Linear) else 1


def _scorer(name: str, generator: torch.Generator) -> Any:
    """A function from a group to scores (channels,); None for groups that cannot be scored."""
    from torch_pruning.pruner import importance

    if name == "random":
        return lambda group: torch.rand(group.channels, generator=generator)
    found = {
        "l1": lambda: importance.GroupMagnitudeImportance(p=1),
        "l2": lambda: importance.GroupMagnitudeImportance(p=2),
        "bn_scale": importance.BNScaleImportance,
        "lamp": importance.LAMPImportance,
    }[name]()
    return lambda group: found(group.coupled)


def _median_distance(group: ChannelGroup) -> Tensor:
    """(size,): summed distance of each filter from all others; filters near the geometric median are redundant.

    Relative to the layer's mean, averaged over layers. Source: He et al. 2019, arXiv 1811.00250.
    """
    total = torch.zeros(group.size)
    for member in group.writers:
        weight = member.layer.get_parameter("weight").detach()
        filters = weight.transpose(0, 1) if getattr(member.layer, "transposed", False) else weight
        rows = filters[member.channels].flatten(1)
        distance = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist").sum(0)
        total.scatter_add_(0, member.places, distance / distance.mean().clamp(min=1e-12))
    return total / len(group.writers)


LEVELS = (0.2, 0.5, 1.0)
"""Fractions of the removable channels at which the error is measured."""
IMAGES = 8


def sensitivity(
    groups: Sequence[ChannelGroup],
    scores: Sequence[Tensor],
    means: Means | None,
    probe: OutputProbe,
    max_ratio: float,
    progress: Progress,
) -> list[Curve]:
    """For each group, the change of the outputs when its lowest-scored channels are silenced, all else unchanged.

    Silenced channels are replaced by zeros or, given `means`, by their mean.
    """
    curves: list[Curve] = []
    for done, (group, score) in enumerate(zip(groups, scores, strict=True)):
        progress("sensitivity", done, len(groups))
        most = min(int(max_ratio * group.size), group.size - 1)
        order = score.argsort(stable=True)
        curve = [(0, 0.0)]
        for count in sorted({round(level * most) for level in LEVELS} - {0}):
            with silent_channels(group, order[:count], means):
                curve.append((count, probe.moved(IMAGES)))
        curves.append(curve)
    return curves


@contextmanager
def silent_channels(group: ChannelGroup, places: Tensor, means: Means | None) -> Iterator[None]:
    """While open, the channels at `places` read as zero or, given `means`, as their mean."""
    with torch.no_grad(), ExitStack() as stack:
        for member in group.readers:
            layer, weight = member.layer, member.layer.get_parameter("weight")
            chosen = member.channels[torch.isin(member.places, places)]
            heard = torch.ones(inputs_of(layer))
            heard[chosen] = 0.0
            stack.callback(weight.copy_, weight.clone())
            if means is not None and layer in means:
                gone = weight * across_inputs(layer, (1 - heard) * means[layer])
                shift = by_output(layer, gone)
                stack.callback(layer.register_forward_hook(_shifted(shift)).remove)
            weight.mul_(across_inputs(layer, heard))
        yield


def _shifted(shift: Tensor) -> Callable[..., Tensor]:
    """A forward hook that adds a constant to each output channel."""

    def hook(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        wide = shift if isinstance(layer, nn.Linear) else shift.reshape(-1, *(1,) * (output.dim() - 2))
        return output + wide

    return hook
