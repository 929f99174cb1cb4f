"""The optimizer of a training run: AdamW, with learning rates that may differ between weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from edgeslim.errors import RecipeError
from edgeslim.training.settings import TrainSettings

NO_FACTORS: Mapping[str, float] = {}
FACTOR = "factor"
"""Key of a parameter group: its part of the run's learning rate."""


def optimizer_of(
    module: nn.Module, settings: TrainSettings, factors: Mapping[str, float]
) -> torch.optim.Optimizer:
    """`factors`: the part of the learning rate that parameters have by their names, 1 where none is given.

    Biases and BatchNorm parameters do not decay.
    """
    groups = []
    for factor in dict.fromkeys([1.0, *factors.values()]):
        trained = [
            parameter
            for name, parameter in module.named_parameters()
            if parameter.requires_grad and factors.get(name, 1.0) == factor
        ]
        for decays in (True, False):
            chosen = [parameter for parameter in trained if (parameter.ndim > 1) is decays]
            decay = settings.weight_decay if decays else 0.0
            groups.append({"params": chosen, "weight_decay": decay, FACTOR: factor})
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get(FACTOR, 1.0)


def diverged(step: int, learning_rate: float) -> RecipeError:
    """The error for a loss that is not finite."""
    return RecipeError("training_diverged", step=step, learning_rate=f"{learning_rate:g}")
