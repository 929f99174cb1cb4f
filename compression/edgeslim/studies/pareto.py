"""Pareto dominance over any number of measures."""

from __future__ import annotations

import math
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
    # In lexicographic order a point can only be dominated by one that came before it; with two measures, if by
    # any then by the last that was kept, which is the best in the second.
    rivals = -1 if len(signs) == 2 else 0
    for index in sorted(costs, key=lambda i: (costs[i], i)):
        if not any(_covers(costs[other], costs[index]) for other in kept[rivals:]):
            kept.append(index)
    return kept


def _covers(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether `a` is at least as good as `b` in every measure (costs: lower is better)."""
    return all(x <= y for x, y in zip(a, b, strict=True))
