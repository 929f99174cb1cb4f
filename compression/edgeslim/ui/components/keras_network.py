"""A network of Keras by its name: fetched on this machine, by whoever is at it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from edgeslim import workbench
from edgeslim.ui.components.bringing import at_machine
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.state import t

_FIRST = "MobileNetV2"
_SMALLEST, _LARGEST = 32, 1024


def keras_network() -> None:
    """Chosen, brought in by an errand, and led on with."""
    if not at_machine():
        return
    with st.expander(t("keras.title"), icon=":material/hub:"), boundary():
        networks = workbench.keras_networks()
        if networks is None:
            st.caption(t("keras.missing"))
            st.code("pip install -r requirements-keras.txt", language="bash")
            return
        st.caption(t("keras.lead"))
        names = list(networks)
        with st.container(horizontal=True):
            network = st.selectbox(
                t("keras.network"), names, index=names.index(_FIRST), key="keras_network", width=220
            )
            side = st.number_input(
                t("keras.side"),
                _SMALLEST,
                _LARGEST,
                networks[network],
                help=t("keras.side_help", usual=networks[network]),
                key=f"keras_side_{network}",
                width=180,
            )
            name = st.text_input(
                t("import.name"), f"{network}-{side}".lower(), key=f"keras_name_{network}_{side}", width=240
            )
        weights = st.toggle(t("keras.weights"), value=True, help=t("keras.weights_help"), key="keras_weights")
        _bring(network, name.strip(), int(side), weights)


def _bring(network: str, name: str, side: int, weights: bool) -> None:
    look = partial(workbench.application_status, network, name, side, weights=weights)
    if watched(look, t("keras.working", network=network), leave=True):
        return
    if name in (model.name for model in workbench.list_models()):
        st.caption(f":material/check_circle: {t('keras.here', name=name)}")
        with st.container(horizontal=True):
            go("library", t("library.look"), icon=":material/visibility:", model=name)
            go("new", t("import.use"), icon=":material/arrow_forward:", model=name)
        return
    ended(look())
    if st.button(t("import.button"), type="primary", icon=":material/download:", key="keras_bring"):
        workbench.begin_application(network, name, side, weights=weights)
        st.rerun()
