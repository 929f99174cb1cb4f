"""The graph as plain data for the page: boxes, edges, and for each measure how strongly a box is coloured."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import msgspec

from edgeslim.analysis.network import Network
from edgeslim.report.graph_view import Box, GraphView, all_blocks
from edgeslim.report.layers import Known, Measure

NOTHING = Known()


@dataclass(frozen=True, slots=True, kw_only=True)
class Coloured:
    """A way to colour the boxes: `levels` 0 … 1, None where there is nothing to colour; `keys` instead of a scale
    where it has kinds."""

    name: str
    label: str
    levels: Sequence[float | None]
    texts: Sequence[str]
    low: str = ""
    high: str = ""
    keys: Sequence[Mapping[str, str]] | None = None
    tones: Sequence[str] | None = None
    gone: Sequence[bool] | None = None

    def json(self) -> dict[str, Any]:
        given = {
            "name": self.name,
            "label": self.label,
            "levels": list(self.levels),
            "texts": list(self.texts),
            "low": self.low,
            "high": self.high,
        }
        kinds = {"keys": self.keys, "tones": self.tones, "gone": self.gone}
        return given | {name: list(value) for name, value in kinds.items() if value is not None}


def payload(
    network: Network,
    view: GraphView,
    measures: Sequence[Coloured],
    *,
    name: str,
    selected: str | None,
    folded: Sequence[str],
    colour: str,
    texts: Mapping[str, str],
) -> dict[str, Any]:
    """All that the page is given. `shape` changes when it has to draw anew, `version` when anything has changed."""
    drawn = {
        "width": round(view.width, 1),
        "height": round(view.height, 1),
        "boxes": [
            {
                "title": box.title,
                "note": _count(network, box, texts["layers"]) if box.folded else box.note,
                "block": box.block,
                "folded": box.folded,
                "layer": not box.folded and network.nodes[box.nodes[0]].layer,
                "names": [network.nodes[place].name for place in box.nodes],
                "place": _rounded(box.place),
                "size": box.size,
            }
            for box in view.boxes
        ],
        "edges": view.edges,
        "paths": [[_rounded(point) for point in path] for path in view.paths],
    }
    given = drawn | {
        "network": name,
        "shape": _digest([name, drawn]),
        "blocks": sorted(all_blocks(network)),
        "folded": sorted(folded),
        "names": [node.name for node in network.nodes if node.layer],
        "measures": [each.json() for each in measures],
        "selected": selected,
        "colour": colour,
        "texts": dict(texts),
    }
    return given | {"version": _digest(given)}


def coloured(
    network: Network, view: GraphView, measure: Measure, label: str, known: Mapping[str, Known]
) -> Coloured | None:
    """The boxes by a measure; what adds up is summed over a folded block. None where no box has it.

    What is `known` of layers is by their names.
    """
    values = []
    for box in view.boxes:
        nodes = [network.nodes[place] for place in box.nodes]
        values.append(_value([measure.value(node, known.get(node.name, NOTHING)) for node in nodes], measure))
    present = [value for value in values if value is not None and (value > 0 or not measure.log)]
    if not present:
        return None
    low, high = min(present), max(present)
    level = _scale(low, high, log_scale=measure.log)
    return Coloured(
        name=measure.name,
        label=label,
        levels=[None if value is None else level(value) for value in values],
        texts=["" if value is None else measure.text(value) for value in values],
        low=measure.text(low),
        high=measure.text(high),
    )


def _value(given: Sequence[float | None], measure: Measure) -> float | None:
    values = [value for value in given if value is not None]
    if not values or (len(given) > 1 and not measure.adds):
        return None
    return sum(values)


def _count(network: Network, box: Box, words: str) -> str:
    return words.format(count=sum(network.nodes[place].layer for place in box.nodes))


def _scale(low: float, high: float, *, log_scale: bool) -> Callable[[float], float]:
    def level(value: float) -> float:
        if high <= low:
            return 1.0
        if not log_scale:
            return round((value - low) / (high - low), 3)
        return round(log(value / low) / log(high / low), 3) if value > 0 else 0.0

    return level


def _rounded(point: tuple[float, float]) -> tuple[float, float]:
    return round(point[0], 1), round(point[1], 1)


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]
