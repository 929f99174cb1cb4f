"""Datasets: the list, one brought in, and what is in the one that is looked at."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from edgeslim.ui.components.problems import asked_in_vain
from edgeslim.ui.components.sources import dataset_added, dataset_import
from edgeslim.ui.library.content import content
from edgeslim.ui.library.manage import manage_dataset, origin_words
from edgeslim.ui.state import linked, one_of, t
from edgeslim.units import DASH
from edgeslim.workbench.datasets import DatasetInfo


def datasets_view(datasets: Sequence[DatasetInfo]) -> None:
    """The list, and the dataset that the address asks for, or the first."""
    with st.expander(t("library.bring_data"), icon=":material/upload_file:"):
        dataset_import("data", key="library_data")
    dataset_added()
    by_name = {each.name: each for each in datasets}
    asked_in_vain("data", by_name)
    _list(datasets)
    name = st.selectbox(
        t("dataset.label"),
        list(by_name),
        width=420,
        **linked("data", next(iter(by_name)), one_of(list(by_name)), clears=("split", "page")),
    )
    manage_dataset(by_name[name])
    content(by_name[name])


def _list(datasets: Sequence[DatasetInfo]) -> None:
    rows = [
        {
            "name": each.name,
            "origin": origin_words(each.origin, each.whose),
            "task": t(f"task.{each.task}"),
            "classes": len(each.labels),
            **{split: each.sizes.get(split) for split in ("train", "calibration", "validation")},
            "licence": each.licence,
        }
        for each in datasets
    ]
    names = {split: t(f"split.{split}") for split in ("train", "calibration", "validation")}

    def clicked() -> None:
        picked = st.session_state["library_datasets"].selection.rows
        if picked and picked[0] < len(datasets):
            st.query_params["data"] = datasets[picked[0]].name

    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            name: st.column_config.Column(names.get(name) or t(f"library.column_{name}")) for name in rows[0]
        },
        on_select=clicked,
        selection_mode="single-row",
        key="library_datasets",
        placeholder=DASH,
        alt=t("library.datasets_alt"),
    )
