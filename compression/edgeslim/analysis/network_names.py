"""What the nodes of a network are called, and the blocks that they form: by name scope, else by resolution."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from edgeslim.analysis.network import Network
from edgeslim.export.packed.decode_graph import PREFIX

_STORED = re.compile(
    r"(\.weight|\.kernel)?(_Transposed)?(\.int8|_quantized|\.half|\.codes|\.scaled|\.float)?$"
)
"""Endings that say how a weight is stored, not which one it is."""
_WORD = re.compile(r"[A-Za-z]{2}")


def named(network: Network, weights: Sequence[str], nodes: Sequence[str]) -> Network:
    """The network with names for all nodes: after the stored weight, else the node, else the operator and its number."""
    stored = ["" if weight.startswith(PREFIX) else _STORED.sub("", weight) for weight in weights]
    telling = [_telling(weight, node) for weight, node in zip(stored, nodes, strict=True)]
    told = [replace(node, weight_name=weight) for node, weight in zip(network.nodes, stored, strict=True)]
    return called(replace(network, nodes=tuple(told)), telling)


def called(network: Network, telling: Sequence[str]) -> Network:
    """The network with these names for its layers; '' is the operator and its number."""
    layers = [name for name, node in zip(telling, network.nodes, strict=True) if node.layer]
    scoped = sum("." in name or "/" in name for name in layers) > len(layers) / 2
    numbers, taken, names = Counter[str](), Counter[str](), list[str]()
    for name, node in zip(telling, network.nodes, strict=True):
        numbers[node.op] += 1
        title = name if name and node.layer else f"{node.op} {numbers[node.op]}"
        taken[title] += 1
        names.append(title if taken[title] == 1 else f"{title} ({taken[title]})")
    scopes = _by_name(names, network) if scoped else _by_resolution(network)
    return network.named(names, _runs(scopes))


def _telling(weight: str, node: str) -> str:
    """A name with words in it; '' if there is none."""
    return next((name for name in (weight, node) if _WORD.search(name)), "")


def _by_name(names: Sequence[str], network: Network) -> list[tuple[str, ...]]:
    """Layers by their names' parts; the others lie in the deepest block that all they read lies in, or the layers before
    and after them in the order."""
    own = [_scope(name) if node.layer else None for name, node in zip(names, network.nodes, strict=True)]
    after: list[tuple[str, ...]] = []
    following: tuple[str, ...] = ()
    for scope in reversed(own):
        following = following if scope is None else scope
        after.append(following)
    found: list[tuple[str, ...]] = []
    last: tuple[str, ...] = ()
    for node, scope, following in zip(network.nodes, own, reversed(after), strict=True):
        if scope is None:
            read = _common([found[each] for each in node.inputs if each >= 0])
            scope = max(read, _common((last, following)), key=len)
        else:
            last = scope
        found.append(scope)
    return found


def _scope(name: str) -> tuple[str, ...]:
    """'stage4.1.reduce.0' → ('stage4', 'stage4.1'): without the layer's own place in its last container."""
    parts = re.split(r"[./]", name.strip("/"))
    while len(parts) > 1 and (parts[-1].isdecimal() or len(parts) > 3):
        parts = parts[:-1]
    return tuple(".".join(parts[: end + 1]) for end in range(len(parts)))[:2]


def _common(scopes: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    if not scopes:
        return ()
    shared: list[str] = []
    for parts in zip(*scopes, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return tuple(shared)


def _by_resolution(network: Network) -> list[tuple[str, ...]]:
    """Layers that follow each other at one height and width, with the operators after them; what computes on a single
    position, as squeeze-and-excitation does, belongs to its surroundings."""
    found: list[tuple[str, ...]] = []
    now = ""
    for node in network.nodes:
        if node.layer and len(node.shape_out) == 4 and node.shape_out[2] * node.shape_out[3] > 1:
            now = f"{node.shape_out[2]}×{node.shape_out[3]}"
        found.append((now,) if now else ())
    return found


def _runs(scopes: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Every block as one run of the order of computation, two nodes long at least: folding it makes no cycle. Further
    runs of the same name are numbered."""
    runs: list[list[str]] = [[] for _ in scopes]
    taken = Counter[str]()
    for depth in range(max(map(len, scopes), default=0)):
        start = 0
        for end in range(1, len(scopes) + 1):
            prefix = scopes[start][: depth + 1]
            same = end < len(scopes) and scopes[end][: depth + 1] == prefix and runs[end] == runs[start]
            if same:
                continue
            if end - start > 1 and len(prefix) > depth:
                taken[prefix[-1]] += 1
                number = taken[prefix[-1]]
                name = prefix[-1] if number == 1 else f"{prefix[-1]} ({number})"
                for place in range(start, end):
                    runs[place] = [*runs[place], name]
            start = end
    return [tuple(run) for run in runs]
