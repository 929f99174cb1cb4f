"""Which rank for which layer: allocation under a budget, on plain arrays.

A layer's options are costs (N,) and losses (N,); the last one is the unchanged layer, with loss 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Doubles, IntArray

HALVINGS = 60
BYTES = 4
"""Bytes of a float32 weight."""
NODE_BYTES = 160
"""Bytes of an additional layer besides its weights: an estimate to start from; the file is measured."""
FLOOR = 1e-12
"""Smaller energies count as this, so that the loss is finite."""


@dataclass(frozen=True, slots=True)
class RankOptions:
    """Options of one layer: ranks (N - 1, parts - 1) with which it gets cheaper, and last the unchanged layer.

    Costs and energies both increase from each option to the next.
    """

    ranks: IntArray
    energy: Doubles
    parameters: IntArray
    macs: IntArray

    @property
    def untouched(self) -> int:
        """Index of the unchanged layer."""
        return len(self.ranks)

    def cost(self, target: str) -> IntArray:
        """Parameters, MACs or (approximately) bytes."""
        if target == "bytes":
            costs: IntArray = BYTES * self.parameters + NODE_BYTES * self.ranks.shape[1]
            costs[self.untouched] -= NODE_BYTES * self.ranks.shape[1]
            return costs
        return self.parameters if target == "parameters" else self.macs

    @property
    def loss(self) -> Doubles:
        """-log of the kept energy, so that the sum over layers is -log of the product of their energies."""
        return -np.log(np.maximum(self.energy, FLOOR))


def cheaper_options(
    ranks: IntArray, energy: Doubles, costs: tuple[IntArray, IntArray], dense: tuple[int, int], target: str
) -> RankOptions:
    """The options among `ranks` (N, parts - 1) that reduce both parameters and MACs.

    `costs` and `dense` are (parameters, MACs). Options that keep no more energy than a cheaper one are dropped; the cost
    compared is parameters if these or bytes are the target, else MACs.
    """
    parameters, macs = costs
    deciding = parameters if target in ("parameters", "bytes") else macs
    useful = np.flatnonzero((parameters < dense[0]) & (macs < dense[1]))
    order = useful[np.lexsort((-energy[useful], deciding[useful]))]
    order = order[np.diff(np.maximum.accumulate(energy[order]), prepend=-1.0) > 0]
    return RankOptions(
        ranks=ranks[order],
        energy=np.append(energy[order], 1.0),
        parameters=np.append(parameters[order], dense[0]),
        macs=np.append(macs[order], dense[1]),
    )


def admitted(ranks: IntArray, round_to: int, share: float | None) -> NDArray[np.intp]:
    """Rows of `ranks` that are multiples of `round_to`; with `share`, only the one at that share of full rank."""
    if share is None:
        return np.flatnonzero((ranks % round_to == 0).all(axis=1))
    wanted = np.ceil(share * ranks.max(axis=0) / round_to) * round_to
    return np.flatnonzero((ranks == wanted).all(axis=1))


def first_keeping(options: RankOptions, energy: float, measure: Callable[[int], float]) -> int:
    """The cheapest option whose measured energy is at least `energy`; `untouched` if there is none.

    Where the options' energies are exact, one measurement suffices; where they are bounds, bisection follows.
    """
    low, high = int(np.searchsorted(options.energy, energy)), options.untouched
    if low == high or measure(low) >= energy:
        return low
    while low + 1 < high:
        middle = (low + high) // 2
        if measure(middle) >= energy:
            high = middle
        else:
            low = middle
    return high


def share_globally(costs: Sequence[IntArray], losses: Sequence[Doubles], budget: float) -> list[int]:
    """One option of each layer so that costs sum to at most `budget` with the least sum of losses.

    Found by the price per unit of cost at which the budget is just met; the rest goes to the layers that lose most. The
    budget must be reachable. Source: Zhang et al. 2015, arXiv 1505.06798, section 3.3.
    """

    def at(price: float) -> list[int]:
        return [int(np.argmin(loss + price * cost)) for cost, loss in zip(costs, losses, strict=True)]

    highest = max(float(loss.max()) for loss in losses) + 1.0
    low, high = 0.0, highest  # at this price one unit of cost outweighs any loss
    if _total(costs, at(low)) <= budget:
        return at(low)
    chosen = _halved(lambda price: at(price) if _total(costs, at(price)) <= budget else None, low, high)
    left = budget - _total(costs, chosen)
    for index in sorted(range(len(costs)), key=lambda i: -losses[i][chosen[i]]):
        cost, loss = costs[index], losses[index]
        affordable = np.flatnonzero(cost <= cost[chosen[index]] + left)
        better = int(affordable[np.argmin(loss[affordable])])
        if loss[better] < loss[chosen[index]]:
            left -= float(cost[better] - cost[chosen[index]])
            chosen[index] = better
    return chosen


def share_equally(costs: Sequence[IntArray], losses: Sequence[Doubles], budget: float) -> list[int]:
    """One option of each layer, each of at most the same share of the layer's own cost.

    A layer that cannot be reduced so far takes its cheapest option. The budget must be reachable.
    """

    def at(removed: float) -> list[int]:
        chosen = []
        for cost, loss in zip(costs, losses, strict=True):
            allowed = np.flatnonzero(cost <= (1.0 - removed) * cost[-1])
            chosen.append(int(allowed[np.argmin(loss[allowed])]) if len(allowed) else int(np.argmin(cost)))
        return chosen

    return _halved(lambda removed: at(removed) if _total(costs, at(removed)) <= budget else None, 0.0, 1.0)


def _halved(attempt: Callable[[float], list[int] | None], low: float, high: float) -> list[int]:
    """Bisection for the lowest value between `low` and `high` that succeeds; returns its result. `high` must succeed."""
    best = attempt(high)
    assert best is not None, "the budget is reachable"
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        result = attempt(middle)
        if result is None:
            low = middle
        else:
            high, best = middle, result
    return best


def _total(costs: Sequence[IntArray], chosen: Sequence[int]) -> float:
    return float(sum(cost[index] for cost, index in zip(costs, chosen, strict=True)))
