"""One layer: what it is and costs, what became of it, and its weights before and after."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from edgeslim.analysis.layer_weights import LayerWeights
from edgeslim.analysis.network import Node
from edgeslim.report.differences import of_node
from edgeslim.report.inside import layer_of
from edgeslim.report.layer_charts import cosine_chart, distribution_chart, range_chart, singular_chart
from edgeslim.report.layers import LAYER_FIGURES, operator, sides
from edgeslim.ui.components.words import numbered
from edgeslim.ui.i18n import plain
from edgeslim.ui.inspect.difference import explanation
from edgeslim.ui.inspect.file import InspectedFile
from edgeslim.ui.inspect.weights import kept_inside, kept_noise, kept_weights, look_at
from edgeslim.ui.state import t
from edgeslim.units import DASH, MINUS, format_share

CHARTS: dict[str, Callable[..., go.Figure]] = {
    "distribution": distribution_chart,
    "singular": singular_chart,
    "range": range_chart,
    "cosine": cosine_chart,
}
CONFIG = {"displayModeBar": False}


def layer_panel(file: InspectedFile) -> None:
    node = file.node
    if node is None:
        st.markdown(f":material/ads_click: {t('layer.none')}")
        return
    st.subheader(f"{plain(node.name)} · {plain(operator(node))}", anchor=False)
    shape = f"{sides(node.shape_in[1:])} → {sides(node.shape_out[1:])}"
    st.caption(t("layer.shapes", shape=shape, weight=sides(node.weight) if node.weight else DASH))
    place = file.network.place(node.name)
    change = None if place is None else of_node(file.changes(), place)
    _figures(
        file,
        node,
        [] if change is None or file.other is None else [file.other.nodes[k] for k in change.before],
    )
    if change is not None:
        explanation(change)
    if node.layer and place is not None:
        _activations(file)
        _weights(file, place, change.before if change is not None else ())


def _figures(file: InspectedFile, node: Node, before: list[Node]) -> None:
    """Of the layer, and of what it was where that is something else."""
    with st.container(horizontal=True, gap="large"):
        for figure in LAYER_FIGURES:
            now = figure.of([node]) or DASH
            was = figure.of(before) if before else now
            st.metric(
                t(f"inspect.{figure.name}"),
                now,
                delta=None if was == now else t("layer.was", value=was),
                delta_color="off",
                delta_arrow="off",
                help=t(f"inspect.{figure.name}_help"),
                width="content",
            )


def _activations(file: InspectedFile) -> None:
    """How many of the layer's inputs and outputs are zero in the study's model, and the way to what if."""
    if file.study is None:
        return
    found = kept_inside(file.study)
    layer = None if found is None else layer_of(found, file.original_names)
    with st.container(horizontal=True, vertical_alignment="center"):
        if found is None:
            st.caption(t("layer.activations_unknown"), width="content")
        elif layer is not None and layer.activations is not None:
            seen = layer.activations
            told = t(
                "layer.activations",
                inputs=format_share(seen.input_zeros),
                outputs=format_share(seen.output_zeros),
                low=f"{seen.low:.3g}".replace("-", MINUS),
                high=f"{seen.high:.3g}".replace("-", MINUS),
                images=found.xray.images,
            )
            st.caption(told, help=t("layer.activations_help"), width="content")
        st.button(t("layer.what_if"), icon=":material/radiology:", key="layer_what_if", on_click=_to_inside)


def _to_inside() -> None:
    st.query_params["section"] = "inside"


def _weights(file: InspectedFile, place: int, before: tuple[int, ...]) -> None:
    other = "" if file.before is None else file.before.sha256 or ""
    found, was = kept_weights(file.sha256), kept_weights(other) if other else None
    noise = kept_noise(other, file.sha256) if other else None
    if found is None or (other and (was is None or noise is None)):
        look_at(file.study.name if file.study else file.model, file.sha256, other)
        return
    shown: dict[str, LayerWeights] = {}
    if file.before is not None and was is not None and len(before) == 1 and before[0] in was.layers:
        shown[numbered(file.before)] = was.layers[before[0]]
    if place in found.layers:
        shown[file.title] = found.layers[place]
    if not shown:
        return
    words = {name: t(f"layer.axis_{name}") for name in _AXES}
    columns = st.columns(2, gap="large")
    for number, (name, chart) in enumerate(CHARTS.items()):
        with columns[number % 2]:
            st.markdown(f"**{t(f'layer.{name}')}**", help=t(f"layer.{name}_help"))
            st.plotly_chart(chart(shown, words), key=f"layer_{name}", config=CONFIG)
    last = shown[next(reversed(shown))]
    st.caption(
        t(
            "layer.told",
            entropy=f"{last.entropy:.2f}",
            rank=f"{last.effective_rank:.1f}",
            full=last.full_rank,
            zeros=f"{100 * last.zeros:.1f}",
        )
    )
    if noise is not None and place in noise.decibels:
        st.caption(t("layer.noise", decibels=f"{noise.decibels[place]:.1f}"), help=t("layer.noise_help"))


_AXES = ("value", "share", "rank", "singular", "channel", "channels", "cosine")
