"""What became of each layer of another file of the study, and why."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import streamlit as st

from edgeslim.analysis.network_changes import LayerChange, Reason, counted
from edgeslim.report.differences import change_rows, of_node
from edgeslim.report.layers import heaviest
from edgeslim.ui import data
from edgeslim.ui.components.words import numbered, step_name
from edgeslim.ui.i18n import plain
from edgeslim.ui.inspect.file import InspectedFile, select_layer
from edgeslim.ui.state import linked, one_of, t
from edgeslim.units import DASH, format_bytes

MOST = 3
"""Kinds of change that a title tells."""


def finding(file: InspectedFile) -> str:
    """The page's title: what compression changed most, else in how few layers the bytes lie."""
    every = counted(file.changes())
    # As a rule int8 is what makes the bits fewer, and then it has said so.
    kinds = [
        (kind, count) for kind, count in every.items() if kind != "fewer_bits" or count > every.get("int8", 0)
    ]
    if not kinds or kinds[0][0] == "same":
        return t("inspect.finding", count=heaviest(file.network), layers=len(file.network.layers))
    said = [t("difference.counted", count=count, kind=kind_words(kind)) for kind, count in kinds[:MOST]]
    return t("difference.finding", layers=len(file.changes()), changes=t("choice.list").join(said))


def difference(file: InspectedFile) -> None:
    """The file to compare with, how many layers changed in which way, and a table with the reasons."""
    if file.study is None:
        st.info(t("difference.no_study"), icon=":material/info:")
        return
    here = {trial.number: trial for trial in file.study.trials if data.has_file(trial)}
    others = [number for number in here if file.trial is None or number != file.trial.number]
    st.selectbox(
        t("difference.base"),
        others,
        format_func=lambda number: numbered(here[number]),
        placeholder=t("other.choose"),
        **linked("base", None if file.before is None else file.before.number, one_of(others)),
    )
    if file.before is None:
        st.caption(t("difference.original"))
        return
    found = file.changes()
    st.markdown(
        " · ".join(
            t("difference.counted", count=count, kind=kind_words(kind))
            for kind, count in counted(found).items()
        )
    )
    st.caption(t("difference.about"))
    chosen = _chosen(file, found)
    if chosen is not None:
        explanation(chosen)
    _table(file, found)


def explanation(change: LayerChange) -> None:
    """One layer's change with its reasons, or that none is recorded."""
    st.markdown(f"**{plain(change.name)}** · {kinds_words(change)}")
    if change.kinds == ("same",):
        return
    if not change.why:
        st.markdown(f":material/help: {t('difference.unknown')}")
    for reason in change.why:
        st.markdown(f"- {reason_words(reason)}")


def kind_words(kind: str) -> str:
    return t(f"difference.{kind}")


def kinds_words(change: LayerChange) -> str:
    """All that happened to a layer: 'split into 3, int8'."""
    said = []
    for kind in change.kinds:
        if kind == "split":
            said.append(t("difference.split_into", count=len(change.after)))
        else:
            said.append(kind_words(kind))
    return t("choice.list").join(said)


def reason_words(reason: Reason) -> str:
    values = {
        name: f"{value:.3g}" if isinstance(value, float) else plain(str(value))
        for name, value in reason.values.items()
    }
    return f"**{plain(step_name(reason.step))}**: {t(f'why.{reason.code}', **values)}"


def _chosen(file: InspectedFile, found: tuple[LayerChange, ...]) -> LayerChange | None:
    node, name = file.node, st.query_params.get("layer", "")
    place = None if node is None else file.network.place(node.name)
    if place is not None:
        return of_node(found, place)
    return next((change for change in found if change.name == name), None)


def _table(file: InspectedFile, found: tuple[LayerChange, ...]) -> None:
    frame = pd.DataFrame([asdict(row) for row in change_rows(found)])
    frame["kinds"] = [kinds_words(change) for change in found]
    frame["why"] = [
        " · ".join(reason_words(reason).replace("**", "") for reason in change.why)
        or ("" if change.kinds == ("same",) else t("difference.unknown"))
        for change in found
    ]

    def clicked() -> None:
        picked = st.session_state["difference_table"].selection.rows
        if picked and picked[0] < len(found):
            change = found[picked[0]]
            select_layer(file.network.nodes[change.after[0]].name if change.after else change.name)

    st.dataframe(
        frame,
        hide_index=True,
        column_order=["name", "kinds", "channels", "bits", "computes", "before", "after", "why"],
        column_config={
            "name": st.column_config.TextColumn(t("inspect.layer"), pinned=True),
            "kinds": st.column_config.TextColumn(t("difference.change")),
            "channels": st.column_config.TextColumn(
                t("difference.channels"), help=t("difference.channels_help")
            ),
            "bits": st.column_config.TextColumn(t("inspect.bits"), help=t("inspect.bits_help")),
            "computes": st.column_config.TextColumn(t("inspect.computes"), help=t("inspect.computes_help")),
            "before": st.column_config.NumberColumn(t("difference.before"), format="localized"),
            "after": st.column_config.NumberColumn(t("difference.after"), format="localized"),
            "why": st.column_config.TextColumn(t("difference.why"), width="large"),
        },
        on_select=clicked,
        selection_mode="single-row",
        key="difference_table",
        placeholder=DASH,
        height=min(38 * (len(frame) + 1) + 3, 720),
        alt=t("difference.alt", file=file.title),
    )
    total = [sum(change.bytes[side] for change in found) for side in (0, 1)]
    st.caption(t("difference.total", before=format_bytes(total[0]), after=format_bytes(total[1])))
