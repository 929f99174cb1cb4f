"""Hypervolume and knee of a front, given as gains: larger is better, and 0 is the reference."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.studies.pareto import front

Gains = tuple[float, ...]


def hypervolume(points: Sequence[Gains]) -> float:
    """The volume between the origin and the points (N, M), all of it that any point covers; exact.

    Points with a coordinate of 0 or less add nothing. By slicing along the last coordinate (Knowles 2002), in
    O(N^(M-1) log N): made for fronts of some hundred points in up to four measures.
    """
    inside = [point for point in points if min(point, default=0.0) > 0.0]
    if not inside:
        return 0.0
    best = front(inside, ["maximize"] * len(inside[0]))
    return _volume([inside[index] for index in best])


def _volume(points: list[Gains]) -> float:
    if len(points[0]) == 1:
        return max(point[0] for point in points)
    total, above = 0.0, []
    ordered = sorted(points, key=lambda point: point[-1], reverse=True)
    for index, point in enumerate(ordered):
        above.append(point[:-1])
        height = point[-1] - (ordered[index + 1][-1] if index + 1 < len(ordered) else 0.0)
        if height > 0.0:
            total += height * _volume(above)
    return total


def growth(points: Sequence[Gains]) -> list[float]:
    """The volume after each point, with all before it: computed anew only where a point adds to the front."""
    best: list[Gains] = []
    volumes: list[float] = []
    for point in points:
        if min(point, default=0.0) > 0.0 and not any(_covers(other, point) for other in best):
            best = [other for other in best if not _covers(point, other)] + [point]
            volumes.append(_volume(best))
        else:
            volumes.append(volumes[-1] if volumes else 0.0)
    return volumes


def _covers(one: Gains, other: Gains) -> bool:
    return all(mine >= its for mine, its in zip(one, other, strict=True))


def contributions(points: Sequence[Gains]) -> list[float]:
    """By how much the volume would shrink without each point."""
    whole = hypervolume(points)
    return [whole - hypervolume([*points[:i], *points[i + 1 :]]) for i in range(len(points))]


def knee(points: Sequence[Gains]) -> int | None:
    """Index of the point where the front bends most; None without a point that gains in every measure.

    With every measure scaled to the front's own span it is the point farthest beyond the plane through the
    extremes (Das 1999: the largest sum). Of equal ones it is the first.
    """
    inside = [index for index, point in enumerate(points) if min(point, default=0.0) > 0.0]
    best = (
        [inside[i] for i in front([points[i] for i in inside], ["maximize"] * len(points[0]))]
        if inside
        else []
    )
    if not best:
        return None
    low = [min(points[i][m] for i in best) for m in range(len(points[0]))]
    span = [max(points[i][m] for i in best) - low[m] or 1.0 for m in range(len(points[0]))]
    return max(best, key=lambda i: sum((v - a) / s for v, a, s in zip(points[i], low, span, strict=True)))
