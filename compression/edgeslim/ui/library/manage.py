"""Renaming and removing what somebody brought. What a study uses stays, and the study is named."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from edgeslim import workbench
from edgeslim.models.library import ModelEntry
from edgeslim.ui.components.bringing import may_manage
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.state import t
from edgeslim.visitors import Whose
from edgeslim.workbench.datasets import DatasetInfo

Act = Callable[..., None]


def manage_model(model: ModelEntry) -> None:
    if model.origin == "imported" and may_manage(model.whose):
        _share(model.name, model.whose, workbench.share_model)
        _manage("model", model.name, workbench.rename_model, workbench.delete_model)


def manage_dataset(dataset: DatasetInfo) -> None:
    if dataset.origin == "imported" and may_manage(dataset.whose):
        _share(dataset.name, dataset.whose, workbench.share_dataset)
        _manage("data", dataset.name, workbench.rename_dataset, workbench.delete_dataset)


def origin_words(origin: str, whose: Whose) -> str:
    """Where it is from: of what visitors brought, whose it is."""
    return t(f"library.{whose}") if whose else t(f"origin.{origin}")


def forget_shown() -> None:
    """After a name means something else: nothing that was computed before may be shown as if of that."""
    st.cache_data.clear()
    st.cache_resource.clear()


def _share(name: str, whose: Whose, share: Callable[[str, bool], None]) -> None:
    """Whether others see it, where that is the visitor's to say."""
    if not whose:
        return
    key = f"library_share_{name}"

    def turned() -> None:
        share(name, bool(st.session_state[key]))

    st.toggle(t("library.share"), whose != "mine", key=key, help=t("library.share_help"), on_change=turned)


def _manage(parameter: str, name: str, rename: Act, delete: Act) -> None:
    """A new name, and the way out; `parameter` is the address's."""
    with st.expander(t("library.manage"), icon=":material/edit:", key=f"library_manage_{name}"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            wanted = st.text_input(t("library.new_name"), name, key=f"library_rename_{name}", width=320)
            if st.button(t("library.rename"), icon=":material/edit:", disabled=wanted == name):
                with boundary():
                    rename(name, wanted)
                    forget_shown()
                    st.query_params[parameter] = wanted
                    st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            sure = st.checkbox(t("library.delete_sure", name=name), key=f"library_sure_{name}")
            if st.button(t("library.delete"), icon=":material/delete:", disabled=not sure):
                with boundary():
                    delete(name)
                    forget_shown()
                    st.query_params.pop(parameter, None)
                    st.rerun()
        st.caption(t(f"library.manage_{parameter}"))
