"""Weights during a training run: observers of every update, zeros that stay, the moving average, checkpoints."""

from __future__ import annotations

import io
import math
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from edgeslim.artifacts.store import write_atomically
from edgeslim.errors import ModelError


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


RAMP = 500.0
"""Time constant in steps with which the decay rises, so that early weights are forgotten."""


class WeightAverage:
    """Averages the floating-point tensors of the state; others (counters) are copied."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {name: value.detach().clone() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Move towards the module's state after its `step`-th update (from 1)."""
        decay = self.decay * (1 - math.exp(-step / RAMP))
        averages: list[Tensor] = []
        values: list[Tensor] = []
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                averages.append(self.state[name])
                values.append(value)
            else:
                self.state[name].copy_(value)
        torch._foreach_lerp_(averages, values, 1 - decay)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """`state` holds tensors, numbers, strings, lists and dictionaries. Raises StoreError if it cannot be written."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """The state, or None if there is no such file. Raises ModelError if the file is not a checkpoint."""
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, UnpicklingError) as error:
        raise ModelError("checkpoint_damaged", path=path) from error
    if not isinstance(state, dict) or "step" not in state:
        raise ModelError("checkpoint_damaged", path=path)
    return state
