"""Observers of a training run: they see the gradients, and may change weights between updates."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn


class Observer(Protocol):
    """Takes part in every update, for example to prune gradually. Steps count from 0."""

    def before_update(self, step: int) -> None:
        """After the backward pass, before the optimizer changes the weights."""

    def after_update(self, step: int) -> None:
        """After the optimizer has changed the weights."""


class ZerosStay:
    """Keeps convolution and matrix weights at zero that are exactly zero at the first update."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._masks: list[tuple[Tensor, Tensor]] | None = None

    def before_update(self, step: int) -> None:
        if self._masks is None:  # at the first update, when the weights are on the training device
            self._masks = zero_masks(self._module)

    @torch.no_grad()
    def after_update(self, step: int) -> None:
        for parameter, mask in self._masks or ():
            parameter.mul_(mask)


def zero_masks(module: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Weights that contain zeros, each with a mask of 0 and 1 that keeps them when multiplied."""
    masks = [(p, (p.detach() != 0).to(p.dtype)) for p in module.parameters() if p.ndim > 1]
    return [(parameter, mask) for parameter, mask in masks if not mask.all()]
