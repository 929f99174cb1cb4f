"""How a model is fed and read: its specification as a form, beside what it sees on a picture by it."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from edgeslim import workbench
from edgeslim.detections import Detections, Image
from edgeslim.models.base import ModelSpec
from edgeslim.models.library import ModelEntry
from edgeslim.tasks.base import Prediction
from edgeslim.ui.components.bringing import may_bring, may_manage
from edgeslim.ui.components.class_table import class_table
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import class_name
from edgeslim.ui.forms import fill_spec, spec_fields
from edgeslim.ui.i18n import plain
from edgeslim.ui.library.hint import hint
from edgeslim.ui.library.manage import forget_shown
from edgeslim.ui.library.pictures import PLAIN, Shown, shown_pictures
from edgeslim.ui.picture.component import pictures
from edgeslim.ui.picture.payload import Item, ModelTitle
from edgeslim.ui.state import t
from edgeslim.workbench.models import ModelInfo

HEIGHT = 420
"""Pixels kept free while the model runs on a picture."""


def reading(model: ModelEntry, found: ModelInfo) -> None:
    """The form and the picture; the model runs anew with every change."""
    st.header(t("library.reading"), anchor=False)
    st.caption(t("library.reading_lead"))
    form, picture = st.columns([2, 3], gap="medium")
    wanted: ModelSpec | None = None
    shown: Shown | None = None
    key = f"library_spec_{model.name}_{model.sha256}"
    with form, boundary():
        given = spec_fields(found.spec, workbench.list_families(), key, columns=2)
        wanted = workbench.checked_spec({**found.spec.to_json(), **given})
        _keep(model, found.spec, wanted, key)
    with picture, boundary():
        shown = shown_pictures(model, found.spec.labels)
        if shown is not None and wanted is not None:
            _show(model, found.spec, wanted, shown)
    if shown is None or shown.dataset is None or wanted is None:
        return
    with form, boundary():
        hint(model.name, shown.dataset.name, wanted, key)
    st.header(t("match.title"), anchor=False)
    st.caption(t("match.lead", data=plain(shown.dataset.name)))
    with boundary():
        class_table(shown.dataset, found.spec.labels, f"match_{shown.dataset.name}_{model.name}")


def _keep(model: ModelEntry, stored: ModelSpec, wanted: ModelSpec, key: str) -> None:
    """Save what was changed, here or as a model of its own; or take it back."""
    changed = wanted != stored
    if not changed:
        st.caption(t("library.as_stored"))
    if model.origin == "imported" and may_manage(model.whose):
        with st.container(horizontal=True):
            if st.button(t("library.save"), type="primary", icon=":material/save:", disabled=not changed):
                with st.spinner(t("import.working")):
                    workbench.respecify_model(model.name, wanted)
                _saved(model.name)
            st.button(
                t("library.reset"),
                icon=":material/undo:",
                disabled=not changed,
                on_click=fill_spec,
                args=(stored, key),
            )
        st.caption(t("library.save_about"))
    if not changed or not may_bring():
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        copy = st.text_input(t("library.copy_name"), f"{model.name}-2", key=f"{key}_copy", width=220)
        if st.button(t("library.save_copy"), icon=":material/library_add:"):
            with st.spinner(t("import.working")):
                name = workbench.copy_model(model.name, copy, wanted)
            _saved(name)


def _saved(name: str) -> None:
    forget_shown()
    st.query_params["model"] = name
    st.rerun()


@st.cache_data(max_entries=64, show_spinner=False)
def _readable(name: str, sha256: str, stored: ModelSpec, spec: ModelSpec) -> tuple[Path, ModelSpec]:
    """The file to run and the complete specification; `stored` is what else decides that."""
    return workbench.model_as(name, spec)


@st.cache_data(max_entries=256, show_spinner=False)
def _seen(file: Path, spec: ModelSpec, image: Image) -> Prediction:
    return workbench.predict(file, image, spec)[0]


def _show(model: ModelEntry, stored: ModelSpec, wanted: ModelSpec, shown: Shown) -> None:
    """The pictures as the stored specification has them read, and beside that as the form has them."""
    specs = [stored] if wanted == stored else [stored, wanted]
    known = () if shown.dataset is None else shown.dataset.labels
    classes = workbench.kept_classes(known, stored.labels)
    with st.skeleton(height=HEIGHT):
        ways = [_readable(model.name, model.sha256 or "", stored, spec) for spec in specs]
        items = [
            Item(
                title,
                image,
                [_seen(file, spec, image) for file, spec in ways],
                workbench.truth_in_classes(truth, known, stored.labels, classes),
            )
            for title, image, truth in shown.pictures
        ]
    _count(items[shown.look.picture - shown.first], shown.look.confidence)
    names = [t("library.stored"), t("library.wanted")] if len(specs) > 1 else [model.name]
    labels = ways[-1][1].labels
    series = json.dumps([spec.to_json() for spec in specs], sort_keys=True)
    pictures(
        items,
        [ModelTitle(name) for name in names],
        [class_name(label) for label in labels],
        key="library_pictures",
        look=shown.look,
        plain=PLAIN,
        series=f"{model.sha256} {shown.series} {series}",
        first=shown.first,
        total=shown.total,
    )


def _count(item: Item, confidence: float) -> None:
    """How many boxes there are, before and after the change."""
    counts = [
        int((each.scores >= confidence).sum()) for each in item.predictions if isinstance(each, Detections)
    ]
    if all(each is None for each in item.predictions):
        st.info(t("library.no_boxes"), icon=":material/info:")
    elif not counts:
        return  # a classifier's
    elif len(counts) == 1:
        st.markdown(t("library.boxes", count=counts[0], confidence=f"{confidence:g}"))
    else:
        words = t("library.boxes_instead", count=counts[1], former=counts[0], confidence=f"{confidence:g}")
        st.markdown(f"**{words}**")
