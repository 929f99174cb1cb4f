"""The file's layers as a graph, and the bytes that each of them holds beside it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from edgeslim.analysis.network import Network
from edgeslim.report.graph_view import GraphView, first_folded, graph_view
from edgeslim.report.layers import MEASURES
from edgeslim.ui.i18n import Language, locale
from edgeslim.ui.inspect.file import InspectedFile, network_of
from edgeslim.ui.inspect.graph.component import folded_in_address, graph
from edgeslim.ui.inspect.graph.payload import Coloured, measured, payload
from edgeslim.ui.state import language, t

COLOUR = "bytes"


def network_graph(file: InspectedFile) -> None:
    folded = folded_in_address()
    if folded is None:
        folded = first_folded(file.network)
    node = file.node
    if node is not None:  # what is looked at is seen
        folded -= set(node.scope)
    view, coloured = _drawn(file.sha256, folded, language())
    graph(
        payload(
            file.network,
            view,
            coloured,
            name=file.sha256,
            selected=None if node is None else node.name,
            folded=sorted(folded),
            colour=st.query_params.get("colour", COLOUR),
            texts={**_texts(language()), "label": t("graph.label", file=file.title)},
        )
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _drawn(sha256: str, folded: frozenset[str], language: Language) -> tuple[GraphView, list[Coloured]]:
    network: Network = network_of(sha256)
    view = graph_view(network, folded)
    found = [measured(network, view, each, t(f"inspect.{name}")) for name, each in MEASURES.items()]
    return view, [each for each in found if each is not None]


def _texts(chosen: Language) -> dict[str, Any]:
    return {
        key.removeprefix("graph."): text for key, text in locale(chosen).items() if key.startswith("graph.")
    }
