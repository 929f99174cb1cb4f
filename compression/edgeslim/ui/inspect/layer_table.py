"""All layers of a file as a table: what the graph shows, in words and numbers. A click on a row selects the layer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd
import streamlit as st

from edgeslim.report.layers import MEASURES, layer_rows
from edgeslim.ui.inspect.file import InspectedFile, select_layer
from edgeslim.ui.state import t
from edgeslim.units import DASH


def layer_table(file: InspectedFile) -> None:
    rows = layer_rows(file.network)
    if not rows:
        st.info(t("inspect.no_layers"), icon=":material/info:")
        return
    frame = pd.DataFrame([asdict(row) for row in rows]).assign(share=lambda it: 100 * it["share"])

    def clicked() -> None:
        picked = st.session_state["layer_table"].selection.rows
        if picked and picked[0] < len(rows):
            select_layer(rows[picked[0]].name)

    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn(t("inspect.layer"), pinned=True),
            "operator": st.column_config.TextColumn(t("inspect.operator")),
            "shape": st.column_config.TextColumn(t("inspect.weight"), help=t("inspect.weight_help")),
            "output": st.column_config.TextColumn(t("inspect.output"), help=t("inspect.output_help")),
            **{name: _measure(name) for name in MEASURES if name in frame},
            "share": st.column_config.NumberColumn(
                t("inspect.share"), format="%.1f", help=t("inspect.share_help")
            ),
            "stored": st.column_config.TextColumn(t("inspect.stored"), help=t("inspect.stored_help")),
            "computes": st.column_config.TextColumn(t("inspect.computes"), help=t("inspect.computes_help")),
        },
        on_select=clicked,
        selection_mode="single-row",
        key="layer_table",
        placeholder=DASH,
        height=min(38 * (len(frame) + 1) + 3, 720),
        alt=t("inspect.table_alt", file=file.title),
    )


def _measure(name: str) -> Any:
    return st.column_config.NumberColumn(
        t(f"inspect.{name}"),
        format="localized" if MEASURES[name].log else "%.1f",
        help=t(f"inspect.{name}_help"),
    )
