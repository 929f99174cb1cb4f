"""Which option each layer takes, so that the sum of losses is least under a budget of bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def allocate(costs: Sequence[Doubles], losses: Sequence[Doubles], budget: float) -> list[int] | None:
    """For each layer the index of its option; None if even the cheapest options cost more than the budget.

    Lagrange's way: one price of a byte for all layers, found by bisection, then what is left of the budget is spent
    where a byte gains most. The result is optimal among choices on the layers' convex hulls (Shoham & Gersho
    1988), and never far from the optimum otherwise.
    """
    cheapest = [int(np.argmin(cost)) for cost in costs]
    if sum(float(cost[i]) for cost, i in zip(costs, cheapest, strict=True)) > budget:
        return None
    dear, cheap = _price_limit(costs, losses), 0.0
    chosen = cheapest
    for _ in range(80):
        price = (dear + cheap) / 2
        tried = [int(np.argmin(loss + price * cost)) for cost, loss in zip(costs, losses, strict=True)]
        if sum(float(cost[i]) for cost, i in zip(costs, tried, strict=True)) <= budget:
            dear, chosen = price, tried
        else:
            cheap = price
    return _spend(costs, losses, chosen, budget)


def _price_limit(costs: Sequence[Doubles], losses: Sequence[Doubles]) -> float:
    """A price at which every layer takes its cheapest option."""
    spread = max(float(loss.max() - loss.min()) for loss in losses)
    gaps = [np.diff(np.unique(cost)).min() for cost in costs if len(np.unique(cost)) > 1]
    return spread / float(min(gaps, default=1.0)) + 1.0


def _spend(
    costs: Sequence[Doubles], losses: Sequence[Doubles], chosen: list[int], budget: float
) -> list[int]:
    """Take single improvements that still fit, the best gain for its bytes first."""
    chosen = list(chosen)
    left = budget - sum(float(cost[i]) for cost, i in zip(costs, chosen, strict=True))
    while True:
        best, move = 0.0, None
        for layer, (cost, loss) in enumerate(zip(costs, losses, strict=True)):
            extra, gain = cost - cost[chosen[layer]], loss[chosen[layer]] - loss
            worth = np.where((extra <= left) & (gain > 0), gain / np.maximum(extra, 1e-9), 0.0)
            option = int(worth.argmax())
            if worth[option] > best:
                best, move = float(worth[option]), (layer, option)
        if move is None:
            return chosen
        layer, option = move
        left -= float(costs[layer][option] - costs[layer][chosen[layer]])
        chosen[layer] = option
