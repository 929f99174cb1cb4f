"""The file's layers as a graph, coloured by what they cost or by what compression made of them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from edgeslim.analysis.layer_weights import WeightNoise
from edgeslim.analysis.network import Network
from edgeslim.analysis.network_changes import KINDS, LayerChange
from edgeslim.analysis.network_union import with_removed
from edgeslim.report.differences import TONES, of_node
from edgeslim.report.graph_view import GraphView, all_blocks, first_folded, graph_view
from edgeslim.report.layers import MEASURES, Known
from edgeslim.ui.i18n import Language, locale
from edgeslim.ui.inspect.difference import kind_words
from edgeslim.ui.inspect.file import InspectedFile
from edgeslim.ui.inspect.graph.component import folded_in_address, graph
from edgeslim.ui.inspect.graph.payload import Coloured, coloured, payload
from edgeslim.ui.inspect.weights import kept_noise, kept_sensitivity, kept_weights
from edgeslim.ui.state import language, t

COLOUR, CHANGE = "bytes", "change"
"""What boxes are coloured by at first, and while the difference to another file is looked at."""


def network_graph(file: InspectedFile) -> None:
    folded = folded_in_address()
    if folded is None:
        folded = first_folded(file.network)
    if "*" in folded:
        folded = all_blocks(file.network)
    node = file.node
    if node is not None:  # what is looked at is seen
        folded -= set(node.scope)
    before = None if file.before is None else file.before.sha256
    sensitivity = {} if file.study is None else kept_sensitivity(file.study)
    looked_at = kept_weights(file.sha256) is not None, _noise(file) is not None, bool(sensitivity)
    network, view, measures = _drawn(file, (file.sha256, before, *looked_at), folded, language())
    comparing = st.query_params.get("section") == "difference" and before is not None
    graph(
        payload(
            network,
            view,
            measures,
            name=file.sha256,
            selected=st.query_params.get("layer") if node is None else node.name,
            folded=sorted(folded),
            colour=st.query_params.get("colour", CHANGE if comparing else COLOUR),
            texts={**_texts(language()), "label": t("graph.label", file=file.title)},
        )
    )


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={InspectedFile: lambda file: file.title})
def _drawn(
    file: InspectedFile,
    content: tuple[str | bool | None, ...],
    folded: frozenset[str],
    language: Language,
) -> tuple[Network, GraphView, list[Coloured]]:
    """Kept by the content of the two files, and whether the weights were looked at."""
    found = file.changes()
    network, gone = (
        with_removed(file.other, file.network, found)
        if file.other is not None
        else (file.network, frozenset[str]())
    )
    view = graph_view(network, folded)
    weights, noise = kept_weights(file.sha256), _noise(file)
    sensitivity = {} if file.study is None else kept_sensitivity(file.study)
    known = {
        node.name: Known(
            None if weights is None else weights.layers.get(place),
            None if noise is None else noise.decibels.get(place),
            sensitivity.get(node.weight_name) or sensitivity.get(node.name),
        )
        for place, node in enumerate(file.network.nodes)
    }
    measures = [coloured(network, view, each, t(f"inspect.{name}"), known) for name, each in MEASURES.items()]
    if found:
        measures.append(_changed(file.network, network, view, found, gone))
    return network, view, [each for each in measures if each is not None]


def _noise(file: InspectedFile) -> WeightNoise | None:
    before = None if file.before is None else file.before.sha256
    return kept_noise(before, file.sha256) if before else None


def _changed(
    after: Network, network: Network, view: GraphView, found: tuple[LayerChange, ...], gone: frozenset[str]
) -> Coloured:
    """Boxes by the greatest change of what is in them."""
    by_name = {node.name: of_node(found, place) for place, node in enumerate(after.nodes) if node.layer}
    lost = {change.name: change for change in found if not change.after}
    levels: list[float | None] = []
    tones, texts, kinds_seen = [], [], set[str]()
    for box in view.boxes:
        nodes = [network.nodes[place] for place in box.nodes]
        mine = [
            change
            for node in nodes
            if (change := lost.get(node.name) if node.name in gone else by_name.get(node.name)) is not None
        ]
        kinds = [kind for kind in KINDS if any(kind in change.kinds for change in mine)]
        kind = kinds[0] if kinds else None
        tone = TONES.get(kind) if kind else None
        kinds_seen.update(kinds[:1])
        levels.append(1.0 if tone else None)
        tones.append(tone or "")
        if kind == "split" and len({change.name for change in mine}) == 1:
            texts.append(t("difference.split_into", count=len(mine[0].after)))
        else:
            texts.append(kind_words(kind) if kind else "")
    return Coloured(
        name=CHANGE,
        label=t("difference.change"),
        levels=levels,
        texts=texts,
        keys=[
            {"tone": TONES[kind], "text": kind_words(kind)}
            for kind in KINDS
            if kind in kinds_seen and kind in TONES
        ],
        tones=tones,
        gone=[len(box.nodes) == 1 and network.nodes[box.nodes[0]].name in gone for box in view.boxes],
    )


def _texts(chosen: Language) -> dict[str, Any]:
    return {
        key.removeprefix("graph."): text for key, text in locale(chosen).items() if key.startswith("graph.")
    }
