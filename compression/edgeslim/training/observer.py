"""What takes part in a training run without being the loop: it sees gradients, and may change weights in between."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn


class Observer(Protocol):
    """Whoever takes part in a run, a pruning schedule for example. Steps count from 0."""

    def before_update(self, step: int) -> None:
        """The gradients are there; the weights are still those that gave them."""

    def after_update(self, step: int) -> None:
        """The weights have changed."""


class ZerosStay:
    """Convolution and matrix weights that are exactly zero when the run begins are zero after every update."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._masks: list[tuple[Tensor, Tensor]] | None = None

    def before_update(self, step: int) -> None:
        if self._masks is None:  # not before: by now the weights are on the device where they are trained
            self._masks = zero_masks(self._module)

    @torch.no_grad()
    def after_update(self, step: int) -> None:
        for parameter, mask in self._masks or ():
            parameter.mul_(mask)


def zero_masks(module: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Weights that contain zeros, each with what to multiply it by so that they stay zero."""
    masks = [(p, (p.detach() != 0).to(p.dtype)) for p in module.parameters() if p.ndim > 1]
    return [(parameter, mask) for parameter, mask in masks if not mask.all()]
