"""Which channels are removed, given their scores: a share of every layer, the lowest overall, or by sensitivity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import Tensor

from edgeslim.steps.pruning.channel_groups import ChannelGroup

Places = list[list[int]]
"""For each group, the channel indices to remove."""
Chooser = Callable[[float], Places]
"""Fraction of the total cost to remove → what to remove; more for a larger fraction."""
Curve = Sequence[tuple[int, float]]
"""(channels removed, error), ascending from (0, 0)."""


def uniform(groups: Sequence[ChannelGroup], scores: Sequence[Tensor], round_to: int) -> Chooser:
    """The same fraction of every group, lowest scores first."""

    def choose(part: float) -> Places:
        return _lowest(groups, scores, [int(part * group.size) for group in groups], round_to)

    return choose


def ranked(
    groups: Sequence[ChannelGroup],
    scores: Sequence[Tensor],
    costs: Sequence[float],
    max_ratio: float,
    round_to: int,
) -> Chooser:
    """The lowest scores of the whole network, until the fraction of the total cost is removed."""
    caps = [_cap(group, max_ratio) for group in groups]
    orders = [_order(score) for score in scores]
    candidates = sorted(
        (float(scores[index][place]), index, place)
        for index, (order, cap) in enumerate(zip(orders, caps, strict=True))
        for place in order[:cap]
    )
    total = sum(group.size * cost for group, cost in zip(groups, costs, strict=True))

    def choose(part: float) -> Places:
        counts, removed = [0] * len(groups), 0.0
        for _, index, _ in candidates:
            if removed + costs[index] > part * total:
                break
            counts[index] += 1
            removed += costs[index]
        return _lowest(groups, scores, counts, round_to)

    return choose


def by_curves(
    groups: Sequence[ChannelGroup],
    scores: Sequence[Tensor],
    costs: Sequence[float],
    curves: Sequence[Curve],
    round_to: int,
) -> Chooser:
    """From each group so many of its lowest scores that the sum of the measured errors is minimal.

    Channels are taken along the lower convex hull of the groups' curves, always where the error per cost is least;
    optimal if the errors of different groups are additive.
    """
    segments = sorted(
        (error / (places * cost), index, places)
        for index, (curve, cost) in enumerate(zip(curves, costs, strict=True))
        for places, error in _hull(curve)
    )
    total = sum(group.size * cost for group, cost in zip(groups, costs, strict=True))

    def choose(part: float) -> Places:
        counts, left = [0] * len(groups), part * total
        for _, index, places in segments:
            taken = min(places, int(left / costs[index]))
            counts[index] += taken
            left -= taken * costs[index]
            if taken < places:
                break
        return _lowest(groups, scores, counts, round_to)

    return choose


def _lowest(
    groups: Sequence[ChannelGroup], scores: Sequence[Tensor], counts: Sequence[int], round_to: int
) -> Places:
    return [
        _order(score)[: _rounded(count, group, round_to)]
        for group, score, count in zip(groups, scores, counts, strict=True)
    ]


def _order(score: Tensor) -> list[int]:
    order: list[int] = score.argsort(stable=True).tolist()
    return order


def _cap(group: ChannelGroup, max_ratio: float) -> int:
    return min(int(max_ratio * group.size), group.size - 1)


def _rounded(count: int, group: ChannelGroup, round_to: int) -> int:
    """At most `count`, such that a multiple of `round_to` channels, and at least one, remains."""
    unit = round_to // math.gcd(round_to, group.parts)
    left = max(group.size - count, 1)
    return group.size - min(-(-left // unit) * unit, group.size)


def _hull(curve: Curve) -> list[tuple[int, float]]:
    """Segments (channels, error) of the lower convex hull of a curve."""
    segments, (here, error) = [], curve[0]
    rest = list(curve[1:])
    while rest:
        place, reached = min(rest, key=lambda point: ((point[1] - error) / (point[0] - here), -point[0]))
        segments.append((place - here, reached - error))
        here, error = place, reached
        rest = [point for point in rest if point[0] > here]
    return segments
