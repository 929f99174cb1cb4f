"""Pareto dominance over any number of measures."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Literal

Direction = Literal["maximize", "minimize"]


def front(points: Sequence[Sequence[float | None]], directions: Sequence[Direction]) -> list[int]:
    """Indices of the points that no other point dominates, in the order of the first measure.

    `points` is (N, M), `directions` (M,). A point with a missing (None) or NaN measure takes no part.
    Of points with equal measures only the first is kept.
    """
    signs = [-1.0 if direction == "maximize" else 1.0 for direction in directions]
    costs: dict[int, tuple[float, ...]] = {}
    for index, point in enumerate(points):
        assert len(point) == len(signs), f"a point must have {len(signs)} measures, got {len(point)} instead"
        known = [value for value in point if value is not None and not math.isnan(value)]
        if len(known) == len(signs):
            costs[index] = tuple(sign * value for sign, value in zip(signs, known, strict=True))
    kept: list[int] = []
    stairs = _Stairs()
    # In lexicographic order a point can only be dominated by one that came before it: the first measure is settled.
    for index in sorted(costs, key=lambda i: (costs[i], i)):
        rest = costs[index][1:]
        if len(rest) == 2:
            dominated = stairs.cover(*rest)
            if not dominated:
                stairs.add(*rest)
        elif len(rest) < 2:  # by any then by the last that was kept, which is the best in the second
            dominated = any(_covers(costs[other], costs[index]) for other in kept[-1:])
        else:
            dominated = any(_covers(costs[other], costs[index]) for other in kept)
        if not dominated:
            kept.append(index)
    return kept


class _Stairs:
    """What pairs of costs cover: with each step right (first cost) one goes down (second cost)."""

    def __init__(self) -> None:
        self.first: list[float] = []
        self.second: list[float] = []

    def cover(self, first: float, second: float) -> bool:
        """Whether one of the pairs is at least as good in both."""
        step = bisect_right(self.first, first) - 1
        return step >= 0 and self.second[step] <= second

    def add(self, first: float, second: float) -> None:
        """A pair that is not covered; those that it covers go."""
        at = bisect_left(self.first, first)
        end = at
        while end < len(self.first) and self.second[end] >= second:
            end += 1
        self.first[at:end], self.second[at:end] = [first], [second]


def _covers(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether `a` is at least as good as `b` in every measure (costs: lower is better)."""
    return all(x <= y for x, y in zip(a, b, strict=True))
