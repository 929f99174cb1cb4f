"""How much the outputs change when a group of layers loses its least important channels: measured, without labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from edgeslim.progress import Progress
from edgeslim.steps.pruning.channel_choice import Curve
from edgeslim.steps.pruning.channel_groups import ChannelGroup
from edgeslim.steps.pruning.channel_scores import Means
from edgeslim.steps.pruning.gradients import Answers
from edgeslim.steps.pruning.layer_inputs import across_inputs, by_output, inputs_of

LEVELS = (0.2, 0.5, 1.0)
"""Parts of what may go at most, at which the error is measured."""
IMAGES = 8


def sensitivity(
    groups: Sequence[ChannelGroup],
    scores: Sequence[Tensor],
    means: Means | None,
    answers: Answers,
    max_ratio: float,
    progress: Progress,
) -> list[Curve]:
    """For each group, the distance of the outputs when so many of its lowest scores are silent, all else as it was.

    Given `means`, what reads them sees their mean instead of zeros.
    """
    curves: list[Curve] = []
    for done, (group, score) in enumerate(zip(groups, scores, strict=True)):
        progress("sensitivity", done, len(groups))
        most = min(int(max_ratio * group.size), group.size - 1)
        order = score.argsort(stable=True)
        curve = [(0, 0.0)]
        for count in sorted({round(level * most) for level in LEVELS} - {0}):
            with silent_channels(group, order[:count], means):
                curve.append((count, answers.moved(IMAGES)))
        curves.append(curve)
    return curves


@contextmanager
def silent_channels(group: ChannelGroup, places: Tensor, means: Means | None) -> Iterator[None]:
    """While it is open, nothing reads the channels at `places`; given `means`, a shift stands for them."""
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
