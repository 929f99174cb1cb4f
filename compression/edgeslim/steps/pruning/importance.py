"""How much single weights matter: a score for each, higher is more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

Scores = dict[str, Tensor]


def magnitude(weights: Mapping[str, nn.Parameter]) -> Scores:
    """Absolute values. Source: Han et al. 2015, arXiv 1506.02626."""
    return {name: weight.detach().abs() for name, weight in weights.items()}


def chance(weights: Mapping[str, nn.Parameter], seed: int) -> Scores:
    """Random numbers: what every other importance must beat."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.rand(weight.shape, generator=generator) for name, weight in weights.items()}


def taylor(weights: Mapping[str, nn.Parameter], curvature: Mapping[str, Tensor]) -> Scores:
    """Mean square of the first-order change when the weight becomes zero, E[(g w)²].

    Source: Molchanov et al. 2019, arXiv 1906.10771. `curvature` is E[g²].
    """
    return {name: weight.detach().square() * curvature[name] for name, weight in weights.items()}


def mean_squared_gradients(weights: Mapping[str, nn.Parameter], passes: Iterable[object]) -> Scores:
    """E[g²] of every weight over backward passes; `passes` leaves the gradients of one after the other."""
    sums = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    count = 0
    for _ in passes:
        count += 1
        for name, weight in weights.items():
            if weight.grad is not None:
                sums[name] += weight.grad.square()
    return {name: total / max(count, 1) for name, total in sums.items()}
