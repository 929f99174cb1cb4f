"""Which rank for which layer: choices under a budget, on plain arrays.

A layer's options are costs (N,) and losses (N,), the last of them the layer as it is, with loss 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.steps.low_rank.decompositions import Doubles, Ints

HALVINGS = 60
BYTES = 4
"""Of a float32 weight."""
NODE_BYTES = 160
"""Of one more layer in the file besides its weights. A guess to start from: the file is measured."""
FLOOR = 1e-12
"""Energies below count as this; the loss stays finite."""


@dataclass(frozen=True, slots=True)
class RankOptions:
    """What can be done to one layer: ranks (N - 1, parts - 1) with which it gets cheaper, and last nothing.

    Costs and energies both rise from each option to the next.
    """

    ranks: Ints
    energy: Doubles
    parameters: Ints
    macs: Ints

    @property
    def untouched(self) -> int:
        """Index of the option to leave the layer as it is."""
        return len(self.ranks)

    def cost(self, target: str) -> Ints:
        """Parameters, MACs or, nearly, bytes."""
        if target == "bytes":
            costs: Ints = BYTES * self.parameters + NODE_BYTES * self.ranks.shape[1]
            costs[self.untouched] -= NODE_BYTES * self.ranks.shape[1]
            return costs
        return self.parameters if target == "parameters" else self.macs

    @property
    def loss(self) -> Doubles:
        """-log of the energy kept, so that the sum over layers is that of the product of their energies."""
        return -np.log(np.maximum(self.energy, FLOOR))


def cheaper_options(
    ranks: Ints, energy: Doubles, costs: tuple[Ints, Ints], dense: tuple[int, int], target: str
) -> RankOptions:
    """Those of `ranks` (N, parts - 1) with which both parameters and MACs fall.

    `costs` and `dense` are (parameters, MACs). What keeps no more energy than another option that costs less
    (parameters if they or bytes are the target, else MACs) is left out.
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


def admitted(ranks: Ints, round_to: int, share: float | None) -> NDArray[np.intp]:
    """Rows of `ranks` that are multiples of `round_to`; with `share` only the one at that part of full rank."""
    if share is None:
        return np.flatnonzero((ranks % round_to == 0).all(axis=1))
    wanted = np.ceil(share * ranks.max(axis=0) / round_to) * round_to
    return np.flatnonzero((ranks == wanted).all(axis=1))


def first_keeping(options: RankOptions, energy: float, measure: Callable[[int], float]) -> int:
    """The cheapest option whose measured energy is at least `energy`; `untouched` if there is none.

    Where an option's own energy is exact, the first look settles it; where it is a bound, the rest is halved.
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


def share_globally(costs: Sequence[Ints], losses: Sequence[Doubles], budget: float) -> list[int]:
    """One option of each layer so that costs sum to at most `budget`, with the least sum of losses.

    By the price of a unit of cost at which the budget is just kept; what is then left over goes to the layers
    that lose most. The budget must be reachable. Source: Zhang et al. 2015, arXiv 1505.06798, section 3.3.
    """

    def at(price: float) -> list[int]:
        return [int(np.argmin(loss + price * cost)) for cost, loss in zip(costs, losses, strict=True)]

    highest = max(float(loss.max()) for loss in losses) + 1.0
    low, high = 0.0, highest  # one unit of cost is then worth more than any loss
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


def share_equally(costs: Sequence[Ints], losses: Sequence[Doubles], budget: float) -> list[int]:
    """One option of each layer, all at most at the same share of the layer's own cost.

    A layer that cannot get so cheap takes its cheapest option. The budget must be reachable.
    """

    def at(removed: float) -> list[int]:
        chosen = []
        for cost, loss in zip(costs, losses, strict=True):
            allowed = np.flatnonzero(cost <= (1.0 - removed) * cost[-1])
            chosen.append(int(allowed[np.argmin(loss[allowed])]) if len(allowed) else int(np.argmin(cost)))
        return chosen

    return _halved(lambda removed: at(removed) if _total(costs, at(removed)) <= budget else None, 0.0, 1.0)


def _halved(attempt: Callable[[float], list[int] | None], low: float, high: float) -> list[int]:
    """The last success on the way to the lowest value between `low` and `high` that succeeds; `high` must."""
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


def _total(costs: Sequence[Ints], chosen: Sequence[int]) -> float:
    return float(sum(cost[index] for cost, index in zip(costs, chosen, strict=True)))
