"""Places for the boxes of a directed graph, in layers from top to bottom, and the way of each edge.

Sugiyama's framework: layers by the longest path; long edges in parts of one layer each; the order within layers by
barycenters, of all sweeps the one with the fewest crossings; positions as near to the neighbours as the boxes' widths
allow (isotonic regression). Source: Sugiyama, Tagawa & Toda, IEEE Trans. SMC 11(2), 1981.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP, LAYER_GAP, THREAD = 26.0, 40.0, 14.0
"""Units between two boxes of a layer, between two layers, and around an edge that passes a layer."""
_SWEEPS, _MOVES = 8, 12
Point = tuple[float, float]
Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GraphLayout:
    """Middles of the boxes and points of the edges, in the order in which both were given, from (0, 0) on."""

    places: tuple[Point, ...]
    paths: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def layered(boxes: Sequence[tuple[float, float]], edges: Sequence[Edge]) -> GraphLayout:
    """Places for boxes of these widths and heights. Edges lead from lower to higher indices: the graph has no cycle."""
    assert all(start < end for start, end in edges), "boxes are in an order of computation"
    if not boxes:
        return GraphLayout((), (), 0.0, 0.0)
    ranks = _ranks(len(boxes), edges)
    threads = [_thread(ranks, edge) for edge in edges]
    widths = [width for width, _ in boxes]
    links: list[Edge] = []
    routes: list[list[int]] = []
    rank_of = list(ranks)
    for (start, end), between in zip(edges, threads, strict=True):
        route = [start]
        for rank in between:
            route.append(len(rank_of))
            rank_of.append(rank)
            widths.append(THREAD)
        route.append(end)
        links += pairwise(route)
        routes.append(route)
    before: list[list[int]] = [[] for _ in rank_of]
    after: list[list[int]] = [[] for _ in rank_of]
    for start, end in links:
        before[end].append(start)
        after[start].append(end)
    order = _ordered(rank_of, before, after)
    x = _positions(order, widths, before, after, len(boxes))
    heights = [max((boxes[k][1] for k in layer if k < len(boxes)), default=0.0) for layer in order]
    y, top = [], 0.0
    for height in heights:
        y.append(top + height / 2)
        top += height + LAYER_GAP
    left = min(x[k] - widths[k] / 2 for k in range(len(x)))
    right = max(x[k] + widths[k] / 2 for k in range(len(x)))
    places = [(x[k] - left, y[rank_of[k]]) for k in range(len(rank_of))]
    paths = tuple(
        _path([places[k] for k in route], boxes[route[0]][1], boxes[route[-1]][1]) for route in routes
    )
    return GraphLayout(tuple(places[: len(boxes)]), paths, right - left, top - LAYER_GAP)


def _ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The longest path from a start; what has no inputs of its own comes right before its first reader."""
    ranks = [0] * count
    for start, end in sorted(edges, key=lambda edge: edge[1]):
        ranks[end] = max(ranks[end], ranks[start] + 1)
    fed = {end for _, end in edges}
    nearest: dict[int, int] = {}
    for start, end in edges:
        if start not in fed:
            nearest[start] = min(nearest.get(start, ranks[end]), ranks[end])
    for start, rank in nearest.items():
        ranks[start] = rank - 1
    return ranks


def _thread(ranks: Sequence[int], edge: Edge) -> range:
    return range(ranks[edge[0]] + 1, ranks[edge[1]])


def _ordered(
    ranks: Sequence[int], before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]
) -> list[list[int]]:
    order: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
    for k, rank in enumerate(ranks):
        order[rank].append(k)
    best, fewest = [list(layer) for layer in order], _crossings(order, after)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        fixed = order[0] if down else order[-1]
        for layer in order[1:] if down else order[-2::-1]:
            at = {k: place for place, k in enumerate(fixed)}
            near = before if down else after
            own = {k: place for place, k in enumerate(layer)}
            layer.sort(key=lambda k: sum(at[j] for j in near[k]) / len(near[k]) if near[k] else own[k])
            fixed = layer
        now = _crossings(order, after)
        if now < fewest:
            best, fewest = [list(layer) for layer in order], now
    return best


def _crossings(order: Sequence[Sequence[int]], after: Sequence[Sequence[int]]) -> int:
    """How many pairs of edges between neighbouring layers cross."""
    total = 0
    for layer, following in pairwise(order):
        at = {k: place for place, k in enumerate(following)}
        seen: list[int] = []
        for k in layer:
            ends = sorted(at[j] for j in after[k])
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _positions(
    order: Sequence[Sequence[int]],
    widths: Sequence[float],
    before: Sequence[Sequence[int]],
    after: Sequence[Sequence[int]],
    boxes: int,
) -> list[float]:
    x = [0.0] * len(widths)
    offsets: list[list[float]] = []
    for layer in order:
        middles, right = [], 0.0
        for k in layer:
            middles.append(right + widths[k] / 2)
            right += widths[k] + GAP
        offsets.append(middles)
        for k, middle in zip(layer, middles, strict=True):
            x[k] = middle - (right - GAP) / 2
    for move in range(_MOVES):
        down = move % 2 == 0
        near, rows = (before, range(1, len(order))) if down else (after, range(len(order) - 2, -1, -1))
        for row in rows:
            layer = order[row]
            wanted = [sum(x[j] for j in near[k]) / len(near[k]) if near[k] else x[k] for k in layer]
            # Long edges are kept straight before boxes are.
            weights = [4.0 if k >= boxes else 1.0 for k in layer]
            free = _rising(
                [want - offset for want, offset in zip(wanted, offsets[row], strict=True)], weights
            )
            for k, place, offset in zip(layer, free, offsets[row], strict=True):
                x[k] = place + offset
    return x


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing values nearest to the given ones (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        mean, total, count = value, weight, 1
        while pools and pools[-1][0] > mean:
            other, much, many = pools.pop()
            mean = (mean * total + other * much) / (total + much)
            total, count = total + much, count + many
        pools.append((mean, total, count))
    return [mean for mean, _, count in pools for _ in range(count)]


def _path(points: Sequence[Point], start: float, end: float) -> tuple[Point, ...]:
    """From the lower side of the first box to the upper side of the last; points on a straight line are left out."""
    first, *inner, last = points
    ends = [(first[0], first[1] + start / 2), *inner, (last[0], last[1] - end / 2)]
    kept = [ends[0]]
    for here, following in pairwise(ends[1:]):
        if abs(kept[-1][0] - here[0]) > 0.5 or abs(here[0] - following[0]) > 0.5:
            kept.append(here)
    return (*kept, ends[-1])
