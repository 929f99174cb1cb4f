"""The exponential moving average of a network's weights, BatchNorm statistics included."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

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
