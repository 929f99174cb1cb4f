"""A network as it is drawn: folded blocks as one box, what each box measures, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from edgeslim.analysis.network import Network, Node
from edgeslim.report.graph_layout import Point, layered
from edgeslim.report.layers import operator

BOX, BLOCK, SMALL = (168.0, 42.0), (208.0, 50.0), (104.0, 26.0)
"""Width and height of a layer, of a folded block, and of an operator without weights."""
MOST_UNFOLDED = 60
"""Nodes up to which a graph is first shown unfolded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A node, or a folded block of `count` nodes (`nodes` are their places in the network)."""

    title: str
    note: str
    block: str
    """The innermost block that can be folded here; of a folded one itself."""
    folded: bool
    nodes: tuple[int, ...]
    place: Point
    size: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphView:
    boxes: tuple[Box, ...]
    edges: tuple[tuple[int, int], ...]
    paths: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def blocks(network: Network) -> tuple[str, ...]:
    """The outermost blocks, in the order of computation."""
    return tuple(dict.fromkeys(node.scope[0] for node in network.nodes if node.scope))


def all_blocks(network: Network) -> frozenset[str]:
    return frozenset(scope for node in network.nodes for scope in node.scope)


def first_folded(network: Network) -> frozenset[str]:
    """What is folded until somebody unfolds it: large graphs are first seen as their blocks."""
    return frozenset(blocks(network)) if len(network.nodes) > MOST_UNFOLDED else frozenset()


def graph_view(network: Network, folded: AbstractSet[str]) -> GraphView:
    """The boxes and edges that are left when these blocks are folded. A block is a run of the order of computation, so
    that no edge leads back."""
    home: list[int] = []
    members: list[list[int]] = []
    names: list[str] = []
    for place, node in enumerate(network.nodes):
        name = next((scope for scope in node.scope if scope in folded), "")
        if not (name and names and names[-1] == name):
            members.append([])
            names.append(name)
        members[-1].append(place)
        home.append(len(members) - 1)
    edges = dict.fromkeys(
        (home[source], home[place])
        for place, node in enumerate(network.nodes)
        for source in node.inputs
        if source >= 0 and home[source] != home[place]
    )
    sizes = [_size(network, inside, name) for inside, name in zip(members, names, strict=True)]
    placed = layered(sizes, list(edges))
    boxes = tuple(
        _box(network, inside, name, place, size)
        for inside, name, place, size in zip(members, names, placed.places, sizes, strict=True)
    )
    return GraphView(
        boxes=boxes, edges=tuple(edges), paths=placed.paths, width=placed.width, height=placed.height
    )


def _size(network: Network, inside: Sequence[int], name: str) -> tuple[float, float]:
    if name:
        return BLOCK
    return BOX if network.nodes[inside[0]].layer else SMALL


def _box(network: Network, inside: Sequence[int], name: str, place: Point, size: tuple[float, float]) -> Box:
    nodes = [network.nodes[each] for each in inside]
    node = nodes[0]
    title = name or (node.name if node.layer else node.op)
    note = _note(node) if node.layer and not name else ""
    return Box(
        title=title,
        note=note,
        block=name or (node.scope[-1] if node.scope else ""),
        folded=bool(name),
        nodes=tuple(inside),
        place=place,
        size=size,
    )


def _note(node: Node) -> str:
    """'Conv 3×3 + Relu · 16→32'."""
    before, after = node.channels
    channels = f" · {before}→{after}" if after else ""
    return f"{operator(node)}{channels}"
