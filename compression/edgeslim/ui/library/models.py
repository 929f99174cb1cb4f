"""Models: the list, one brought in, and what is known of the one that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import pandas as pd
import streamlit as st

from edgeslim import workbench
from edgeslim.models.library import SUFFIXES, ModelEntry
from edgeslim.ui.components.bringing import may_bring, sharing
from edgeslim.ui.components.keras_network import keras_network
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import asked_in_vain, boundary
from edgeslim.ui.components.sources import model_here
from edgeslim.ui.components.words import class_list, family_name
from edgeslim.ui.library.manage import manage_model, origin_words
from edgeslim.ui.library.reading import reading
from edgeslim.ui.state import linked, one_of, t
from edgeslim.units import DASH, format_bytes, format_count
from edgeslim.workbench.models import ModelInfo

SHOWN_CLASSES = 12


def models_view(models: Sequence[ModelEntry]) -> None:
    """The list; the model that the address asks for, or the first; and what it sees on a picture."""
    with st.expander(t("library.bring_model"), icon=":material/upload_file:"):
        _upload()
    keras_network()
    by_name = {model.name: model for model in models}
    asked_in_vain("model", by_name)
    _list(models)
    name = st.selectbox(
        t("model.label"),
        list(by_name),
        width=420,
        **linked("model", next(iter(by_name)), one_of(list(by_name)), clears=("image", "set")),
    )
    model = model_here(by_name[name])
    if model is None:
        return
    with boundary():
        found = _described(model.name, model.sha256 or "")
        _facts(model, found)
        with st.container(horizontal=True):
            go("new", t("library.to_study"), icon=":material/add_circle:", model=model.name)
            go("inspect", t("library.to_inspect"), icon=":material/account_tree:", model=model.name)
        manage_model(model)
        reading(model, found)


def _list(models: Sequence[ModelEntry]) -> None:
    rows = [
        {
            "name": model.name,
            "here": t(f"library.here_{'yes' if model.ready else 'no'}"),
            "origin": origin_words(model.origin, model.whose),
            "task": t(f"task.{model.task}"),
            "family": family_name(model.family),
            "input": f"{model.input_width}×{model.input_height}",
            "classes": model.classes,
            "parameters": format_count(model.params),
            "size": format_bytes(model.bytes),
            "licence": model.licence,
        }
        for model in models
    ]

    def clicked() -> None:
        picked = st.session_state["library_models"].selection.rows
        if picked and picked[0] < len(models):
            st.query_params["model"] = models[picked[0]].name

    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={name: st.column_config.Column(t(f"library.column_{name}")) for name in rows[0]},
        on_select=clicked,
        selection_mode="single-row",
        key="library_models",
        placeholder=DASH,
        alt=t("library.models_alt"),
    )


def _upload() -> None:
    """An ONNX file under a name; how it is read is then seen, and mended, beside a picture."""
    if not may_bring():
        return
    given = st.file_uploader(
        t("import.file"), type=[*SUFFIXES], key="library_onnx", help=t("import.file_help")
    )
    families = workbench.list_families()[:-1]
    st.caption(t("import.lead", families=t("choice.list").join(map(family_name, families))))
    if given is None:
        return
    name = st.text_input(
        t("import.name"), value=PurePath(given.name).stem, key=f"library_name_{given.file_id}", width=420
    )
    shared = sharing("library_onnx")
    if st.button(t("import.button"), type="primary", icon=":material/upload:"):
        with boundary(), st.spinner(t("import.working")):
            found = workbench.import_model(given.getvalue(), file_name=given.name, name=name, shared=shared)
            st.query_params["model"] = found.name
            st.rerun()


@st.cache_data(max_entries=32, show_spinner=False)
def _described(name: str, sha256: str) -> ModelInfo:
    return workbench.describe_model(name)


def _facts(model: ModelEntry, found: ModelInfo) -> None:
    """What it is, what can be done with it, and how import has left it."""
    labels = found.spec.labels
    lines = [
        t(
            "library.model_facts",
            origin=origin_words(model.origin, model.whose),
            params=format_count(found.params),
            macs=format_count(found.macs),
            file=format_bytes(found.sizes.file),
            download=format_bytes(found.sizes.download),
        ),
        t("library.classes_facts", count=len(labels), names=class_list(labels, SHOWN_CLASSES)),
        t("library.can_train" if found.trainable else "library.cannot_train"),
    ]
    error = found.proof.get("max_abs_error")
    if error is not None:
        lines.append(t("import.proof", error=f"{error:.1e}" if error else "0"))
    if model.licence:
        key = "library.licence" if model.source else "library.licence_alone"
        lines.append(t(key, licence=model.licence, source=model.source))
    lines.append(t("library.hash", sha256=found.sha256))
    st.markdown("\n".join(f"* {line}" for line in lines))
