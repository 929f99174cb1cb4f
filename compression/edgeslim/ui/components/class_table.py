"""Which classes of a dataset are which of a model's, to be mended by hand."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from edgeslim import workbench
from edgeslim.records import ClassMap
from edgeslim.ui.components.words import class_list, class_name
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.workbench.datasets import DatasetInfo

COLUMNS = 3
SHOWN = 12
"""Classes that a sentence names."""
HIGH = 420
"""Pixels of the table, from which on it scrolls."""
LONG = 24


def class_table(dataset: DatasetInfo, labels: Sequence[str], key: str) -> None:
    """Each class of the dataset with the model's class that it is. What is kept holds wherever these classes meet."""
    kept = workbench.kept_classes(dataset.labels, labels)
    matching = workbench.matching_of(dataset, labels, kept)
    if matching is None:
        st.caption(t("match.nothing"))
        return
    if matching.model != tuple(labels):
        st.caption(t("match.numbered", count=len(labels)))
        return
    counts = {"matched": matching.matched, "total": len(matching.pairs), "model": len(matching.model)}
    st.markdown(t("match.by_hand" if kept else "match.by_name", count=len(kept), **counts))
    for side, names in (("dataset", matching.dataset_only), ("model", matching.model_only)):
        if names:
            st.caption(t(f"match.{side}_only", count=len(names), labels=class_list(names, SHOWN)))
    open_ends = [name for name, known in matching.pairs if known is None or name in dict(kept)]
    every = st.toggle(t("match.every"), value=False, key=f"{key}_every")
    pairs = [pair for pair in matching.pairs if every or pair[0] in open_ends]
    if not pairs:
        return
    with (
        st.form(key, border=False),
        st.container(height=HIGH if len(pairs) > LONG else "content", border=True),
    ):
        columns = st.columns(COLUMNS)
        chosen = tuple(
            (name, _choice(columns[place % COLUMNS], name, known, matching.model, f"{key}_{name}_{known}"))
            for place, (name, known) in enumerate(pairs)
        )
        sent = st.form_submit_button(t("match.keep"), icon=":material/save:")
    if sent:
        _keep(dataset, labels, {**dict(kept), **dict(chosen)})
    if kept:
        with st.container(horizontal=True):
            if st.button(t("match.forget"), icon=":material/undo:", key=f"{key}_forget"):
                _keep(dataset, labels, {})
            st.download_button(
                t("match.file"),
                workbench.classes_json(matching.pairs),
                file_name=f"classes-{dataset.name}.json",
                mime="application/json",
                icon=":material/terminal:",
                on_click="ignore",
                key=f"{key}_file",
                help=t("match.file_help", data=plain(dataset.name)),
            )


def _choice(
    column: st.delta_generator.DeltaGenerator, name: str, known: str | None, model: Sequence[str], key: str
) -> str | None:
    options = [None, *model]
    found: str | None = column.selectbox(
        plain(name),
        options,
        index=options.index(known),
        format_func=lambda label: t("match.none") if label is None else class_name(label),
        key=key,
    )
    return found


def _keep(dataset: DatasetInfo, labels: Sequence[str], classes: dict[str, str | None]) -> None:
    told: ClassMap = tuple(classes.items())
    workbench.keep_classes(dataset.labels, labels, told)
    st.rerun()
