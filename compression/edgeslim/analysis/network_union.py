"""A file's network with the layers that it has lost, so that a difference can be drawn as one graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeslim.analysis.network import Network
from edgeslim.analysis.network_changes import LayerChange


def with_removed(
    before: Network, after: Network, found: Sequence[LayerChange]
) -> tuple[Network, frozenset[str]]:
    """The second network with the first one's removed layers where they stood, and their names in it."""
    gone = [change.before[0] for change in found if change.kinds == ("removed",)]
    if not gone:
        return after, frozenset()
    home = {place: change.after[-1] for change in found if change.after for place in change.before}
    taken = {node.name for node in after.nodes}
    names = {place: _free(before.nodes[place].name, taken) for place in gone}
    # A removed layer comes right after the last of what it read.
    slots: list[tuple[float, int, bool]] = [(float(place), place, False) for place in range(len(after.nodes))]
    sources = {place: _sources(before, place, home, set(gone)) for place in gone}
    at: dict[int, float] = {}
    for number, place in enumerate(gone):
        reads = [at.get(source, -1.0) if lost else float(source) for source, lost in sources[place]]
        at[place] = max(reads, default=-1.0) + (number + 1) / (2.0 * len(gone) + 2)
        slots.append((at[place], place, True))
    order = {(place, lost): position for position, (_, place, lost) in enumerate(sorted(slots))}
    nodes = []
    for _, place, lost in sorted(slots):
        node = before.nodes[place] if lost else after.nodes[place]
        reads_from = sources[place] if lost else [(source, False) for source in node.inputs]
        inputs = tuple(-1 if source < 0 else order[source, was] for source, was in reads_from)
        nodes.append(replace(node, name=names[place] if lost else node.name, inputs=inputs))
    outputs = tuple(order[place, False] for place in after.outputs)
    return replace(after, nodes=tuple(nodes), outputs=outputs), frozenset(names.values())


def _sources(network: Network, place: int, home: dict[int, int], gone: set[int]) -> list[tuple[int, bool]]:
    """What a removed layer read, as places in the second network, or in the first (True) if that was removed too."""
    found: dict[tuple[int, bool], None] = {}
    waiting, seen = list(network.nodes[place].inputs), set[int]()
    while waiting:
        source = waiting.pop()
        if source in seen or source < 0:
            continue
        seen.add(source)
        if source in home:
            found[home[source], False] = None
        elif source in gone:
            found[source, True] = None
        else:
            waiting.extend(network.nodes[source].inputs)
    return list(found) or [(-1, False)]


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else f"{name} (−)"
