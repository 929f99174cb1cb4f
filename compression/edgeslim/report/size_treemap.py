"""Where a file's bytes lie: blocks and layers as areas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from edgeslim.analysis.network import Network
from edgeslim.report.palette import FONT_SIZE
from edgeslim.units import format_bytes, format_share

TYPES = {
    "float32": "#1c6dbd",
    "float16": "#1f7488",
    "int8": "#0b7a68",
    "packed": "#a85a06",
    "": "#5f6d67",
}
"""Colours by how weights are stored, on which white can be read; '' is what stores none."""


MOST = 150
"""Layers with areas of their own: a browser takes seconds to lay out a thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """`parent` is the id of the area around it, '' for the file. `bytes` include those of the areas inside."""

    id: str
    parent: str
    label: str
    bytes: int
    stored: str


def areas(network: Network, words: Mapping[str, str]) -> tuple[Area, ...]:
    """The file, its blocks and layers, what else it stores, and the graph itself; `words` name the last two.

    Of many layers the largest have areas of their own, the others one in each block.
    """
    large = set(sorted(network.layers, key=lambda place: -network.nodes[place].bytes)[:MOST])
    small: dict[tuple[str, str], int] = {}
    inside: dict[str, int] = {}
    parents: dict[str, str] = {}
    leaves = []
    other = network.rest
    for place, node in enumerate(network.nodes):
        if not node.layer:
            other += node.bytes
            continue
        for depth, scope in enumerate(node.scope):
            inside[scope] = inside.get(scope, 0) + node.bytes
            parents[scope] = node.scope[depth - 1] if depth else "file"
        parent = node.scope[-1] if node.scope else "file"
        stored = kind_of(node.stored or "")
        if place not in large:
            small[parent, stored] = small.get((parent, stored), 0) + node.bytes
            continue
        leaves.append(
            Area(id=f"layer {node.name}", parent=parent, label=node.name, bytes=node.bytes, stored=stored)
        )
    leaves += [
        Area(id=f"layer {parent} {stored}", parent=parent, label=words["small"], bytes=size, stored=stored)
        for (parent, stored), size in small.items()
    ]
    blocks = [
        Area(id=scope, parent=parents[scope], label=scope, bytes=size, stored="")
        for scope, size in inside.items()
    ]
    extra = [("rest", other), ("graph", network.file - network.stored)]
    rest = [
        Area(id=f"other {name}", parent="file", label=words[name], bytes=size, stored="")
        for name, size in extra
        if size > 0
    ]
    whole = Area(id="file", parent="", label=words["file"], bytes=network.file, stored="")
    return (whole, *blocks, *leaves, *rest)


def kind_of(stored: str) -> str:
    """The name of a number type here: codes of a decode subgraph are packed, whatever their width."""
    if stored in TYPES:
        return stored
    return "packed" if stored.startswith(("uint", "int")) else ""


def treemap_chart(found: tuple[Area, ...], whole: int) -> go.Figure:
    """Areas in proportion to bytes, coloured by how weights are stored."""
    figure = go.Figure(
        go.Treemap(
            ids=[area.id for area in found],
            parents=[area.parent for area in found],
            labels=[escape(area.label) for area in found],
            values=[area.bytes for area in found],
            branchvalues="total",
            marker={
                "colors": [TYPES[area.stored] for area in found],
                "pad": {"t": 20, "l": 3, "r": 3, "b": 3},
            },
            customdata=[f"{format_bytes(area.bytes)} · {format_share(area.bytes / whole)}" for area in found],
            texttemplate="%{label}<br>%{customdata}",
            hovertemplate="<b>%{label}</b><br>%{customdata}<extra></extra>",
            textfont={"color": "#ffffff"},
            tiling={"packing": "squarify"},
            pathbar={"visible": False},
        )
    )
    figure.update_layout(height=560, margin={"l": 0, "r": 0, "t": 0, "b": 0}, font={"size": FONT_SIZE - 3})
    return figure
