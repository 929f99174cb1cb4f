"""Which layers of two files are the same: by name where both tell one, else by structure, in the order of computation.

Files of one pipeline lose names (packed weights, shortened tensors) and keep the order of computation. So the layers
are aligned as two sequences are: each step pairs two layers, one with the chain that replaced it, or leaves one out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import log2, prod

from edgeslim.analysis.network import Network, Node
from edgeslim.analysis.network_names import called

LONGEST = 4
"""Layers that one is split into at most: those of a CP decomposition."""
_BAND = 40
"""Layers by which an alignment may run ahead in one file."""
_LEFT_OUT = -1.0
_NEVER = -1e9
_GENERATED = re.compile(r"\w+ \d+")
"""A name that was made for a layer without one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Places of layers that are the same: one and one, one and the chain it was split into or comes from, or one that
    the other file lacks."""

    before: tuple[int, ...]
    after: tuple[int, ...]


def matched(before: Network, after: Network) -> tuple[Pair, ...]:
    """All layers of both files, each in one pair, in the order of computation."""
    first, second = before.layers, after.layers
    a, b = [before.nodes[place] for place in first], [after.nodes[place] for place in second]
    chains = (_chains(before, first), _chains(after, second))
    pairs: list[Pair] = []
    start = (0, 0)
    for i, j in [*_anchors(a, b), (len(a), len(b))]:
        gap = (a[start[0] : i], b[start[1] : j])
        steps = _aligned(*gap, (chains[0][start[0] : i], chains[1][start[1] : j]))
        for down, right in steps:
            at = (start[0] + down, start[1] + right)
            pairs.append(Pair(tuple(first[start[0] : at[0]]), tuple(second[start[1] : at[1]])))
            start = at
        if i < len(a):
            pairs.append(Pair((first[i],), (second[j],)))
            start = (i + 1, j + 1)
    return _by_name(pairs, before, after)


def _anchors(a: Sequence[Node], b: Sequence[Node]) -> list[tuple[int, int]]:
    """Layers that have one name in both files, where they come in the same order: only what lies between is aligned."""
    where = {node.name: j for j, node in enumerate(b) if not _GENERATED.fullmatch(node.name)}
    found: list[tuple[int, int]] = []
    for i, node in enumerate(a):
        j = where.get(node.name)
        if j is not None and kind(node) == kind(b[j]) and (not found or j > found[-1][1]):
            found.append((i, j))
    return found


def _aligned(
    a: Sequence[Node], b: Sequence[Node], chains: tuple[Sequence[int], Sequence[int]]
) -> list[tuple[int, int]]:
    """How many layers of each file every step of the best alignment takes."""
    most = _BAND + abs(len(a) - len(b))
    best = [[_NEVER] * (len(b) + 1) for _ in range(len(a) + 1)]
    came: list[list[tuple[int, int]]] = [[(0, 0)] * (len(b) + 1) for _ in range(len(a) + 1)]
    best[0][0] = 0.0
    for i in range(len(a) + 1):
        for j in range(max(0, i - most), min(len(b), i + most) + 1):
            for down, right, gain in _moves(a, b, i, j, chains):
                value = best[i - down][j - right] + gain
                if value > best[i][j]:
                    best[i][j], came[i][j] = value, (down, right)
    steps: list[tuple[int, int]] = []
    i, j = len(a), len(b)
    while i or j:
        steps.append(came[i][j])
        i, j = i - came[i][j][0], j - came[i][j][1]
    return steps[::-1]


def with_names_of(network: Network, original: Network) -> Network:
    """The network, with the original's names for layers whose own the file does not tell."""
    if all(node.weight_name for node in network.nodes if node.layer):
        return network
    names = {}
    for pair in matched(original, network):
        if len(pair.before) != 1:
            continue
        name = original.nodes[pair.before[0]].name
        for number, place in enumerate(pair.after):
            names[place] = name if len(pair.after) == 1 else f"{name}.{number}"
    telling = [
        node.name if node.weight_name and not _GENERATED.fullmatch(node.name) else names.get(place, "")
        for place, node in enumerate(network.nodes)
    ]
    return called(network, telling)


def _moves(
    a: Sequence[Node], b: Sequence[Node], i: int, j: int, chains: tuple[Sequence[int], Sequence[int]]
) -> list[tuple[int, int, float]]:
    """How the alignment may have come to (i, j): layers taken of each file, and what that is worth."""
    found = []
    if i:
        found.append((1, 0, _LEFT_OUT))
    if j:
        found.append((0, 1, _LEFT_OUT))
    if i and j:
        found.append((1, 1, _alike(a[i - 1], b[j - 1])))
        for count in range(2, LONGEST + 1):
            if count <= min(j, chains[1][j - 1]):
                found.append((1, count, _composed(a[i - 1], b[j - count : j])))
            if count <= min(i, chains[0][i - 1]):
                found.append((count, 1, _composed(b[j - 1], a[i - count : i])))
    return found


def _chains(network: Network, layers: Sequence[int]) -> list[int]:
    """For each layer the length of the chain of layers that ends in it with nothing in between."""
    lengths: list[int] = []
    for number, place in enumerate(layers):
        node = network.nodes[place]
        before = layers[number - 1] if number else -1
        alone = node.inputs == (before,) and not network.nodes[before].fused if number else False
        lengths.append(min(LONGEST, lengths[-1] + 1) if alone else 1)
    return lengths


def _alike(one: Node, other: Node) -> float:
    if kind(one) != kind(other):
        return _NEVER
    value = _names(one.name, other.name)
    value += 1.0 if one.kernel == other.kernel and one.strides == other.strides else -0.5
    value += 0.5 if one.depthwise == other.depthwise else -1.5
    value += 0.5 if one.shape_out[2:] == other.shape_out[2:] else -0.5
    return value - 0.4 * sum(_apart(x, y) for x, y in zip(one.channels, other.channels, strict=True))


def _composed(whole: Node, parts: Sequence[Node]) -> float:
    """What it is worth to take a chain of layers for one."""
    kinds = {kind(whole), *map(kind, parts)}
    if len(kinds) > 1 or whole.shape_out[2:] != parts[-1].shape_out[2:]:
        return _NEVER
    rank = len(whole.kernel)
    reach = tuple(1 + sum(part.kernel[axis] - 1 for part in parts) for axis in range(rank))
    strides = tuple(prod(part.strides[axis] for part in parts) for axis in range(len(whole.strides)))
    if reach != whole.kernel or strides != whole.strides:
        return _NEVER
    if rank and prod(whole.kernel) > 1 and parts[0].depthwise:
        return _NEVER  # a depthwise layer and the pointwise one after it are no split layer
    value = 1.5 + max(_names(whole.name, part.name.rpartition(".")[0]) for part in parts)
    value -= 0.4 * _apart(whole.channels[0], parts[0].channels[0])
    value -= 0.4 * _apart(whole.channels[1], parts[-1].channels[1])
    # Other layers than this chain are worth as much each as a pair of their own: a split must be clearly better.
    return value - (0.0 if sum(part.params for part in parts) < 1.2 * whole.params else 3.0)


@cache
def _apart(one: int, other: int) -> float:
    return abs(log2(one / other)) if one and other else 0.0


def _names(one: str, other: str) -> float:
    """Names say nothing where one was made up."""
    if _GENERATED.fullmatch(one) or _GENERATED.fullmatch(other):
        return 0.0
    return 4.0 if one == other else -1.0


def kind(node: Node) -> str:
    """Operators that do the same in integers or with other layouts."""
    for name in ("ConvTranspose", "Conv", "LSTM", "GRU", "RNN"):
        if name in node.op:
            return name
    return "linear" if "MatMul" in node.op or "Gemm" in node.op else node.op


def _by_name(pairs: Sequence[Pair], before: Network, after: Network) -> tuple[Pair, ...]:
    """Layers that were left out on both sides and have one name belong together after all."""
    missing = {
        after.nodes[pair.after[0]].name: pair.after[0]
        for pair in pairs
        if not pair.before and len(pair.after) == 1
    }
    found, taken = [], set[int]()
    for pair in pairs:
        node = before.nodes[pair.before[0]] if pair.before and not pair.after else None
        place = None if node is None or _GENERATED.fullmatch(node.name) else missing.get(node.name)
        if place is None:
            found.append(pair)
        else:
            taken.add(place)
            found.append(Pair(pair.before, (place,)))
    return tuple(pair for pair in found if pair.before or pair.after[0] not in taken)
