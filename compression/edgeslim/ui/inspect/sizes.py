"""Where the file's bytes lie, as areas beside the graph."""

from __future__ import annotations

import streamlit as st

from edgeslim.report.size_treemap import TYPES, areas, treemap_chart
from edgeslim.ui.inspect.file import InspectedFile
from edgeslim.ui.state import t
from edgeslim.units import format_bytes


def size_treemap(file: InspectedFile) -> None:
    st.markdown(f"**{t('sizes.title', size=format_bytes(file.network.file))}**", help=t("sizes.help"))
    words = {name: t(f"sizes.{name}") for name in ("file", "rest", "graph", "small")}
    found = areas(file.network, words)
    st.plotly_chart(
        treemap_chart(found, file.network.file), key="size_treemap", config={"displayModeBar": False}
    )
    shown = [name for name in TYPES if name and any(area.stored == name for area in found)]
    marks = [f"<span style='color:{TYPES[name]}'>■</span> {t(f'sizes.{name}')}" for name in shown]
    st.html(f"<small>{' &nbsp; '.join(marks)}</small>")
