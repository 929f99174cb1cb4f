"""The study's model seen inside: what is redundant, what pays by prediction and by measurement, and what if."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from edgeslim import workbench
from edgeslim.analysis.results import Inside
from edgeslim.jobs.errands.looking import LookInside
from edgeslim.report.inside import (
    Choice,
    by_layer,
    by_layer_chart,
    choices,
    layer_of,
    layer_rows,
    what_if,
)
from edgeslim.ui import data
from edgeslim.ui.components.errands import offer
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import named
from edgeslim.ui.i18n import plain
from edgeslim.ui.inspect.file import InspectedFile
from edgeslim.ui.inspect.predicted_files import files_predicted
from edgeslim.ui.state import linked, one_of, t
from edgeslim.units import DASH, format_bytes, format_decibels, format_share

CONFIG = {"displayModeBar": False}


def inside(file: InspectedFile) -> None:
    """Of the model that the study compresses, whatever file is looked at."""
    study = file.study
    if study is None:
        st.info(t("inside.no_study"), icon=":material/radiology:")
        return
    with boundary():
        asked = data.once(workbench.look_asked, study, data.sources(study))
        found = workbench.inside(asked)
        if found is None:
            _offer(asked)
            return
        _layers(found)
        left, right = st.columns(2, gap="large")
        with left:
            _sensitivity(found)
        with right:
            _what_if(found, file)
        files_predicted(asked, study, file)


def _offer(asked: LookInside) -> None:
    offer(
        partial(workbench.looking_status, asked),
        partial(workbench.begin_looking, asked),
        title=t("inside.running"),
        about=t("inside.offer"),
        label=t("inside.begin"),
        icon=":material/radiology:",
        key="look_inside",
    )


def _layers(found: Inside) -> None:
    best = found.scores.best
    st.markdown(
        t(
            "inside.right",
            agree=best.agree,
            layers=best.layers,
            kept=best.within_tolerance,
            promised=best.promised,
        )
    )
    rows = [
        {
            t("inside.layer"): row.name,
            t("inside.operator"): row.operator,
            t("inside.shape"): row.shape,
            t("inside.bytes"): format_bytes(row.bytes),
            t("inside.entropy"): f"{row.entropy:.2f}",
            t("inside.redundancy"): format_share(row.redundancy),
            t("inside.rank"): format_share(row.rank),
            t("inside.alike"): format_share(row.alike),
            t("inside.best"): DASH if row.best is None else _choice(row.best),
            t("inside.saved"): format_share(row.saved),
            t("inside.kept"): DASH if row.kept is None else t(f"inside.kept_{'yes' if row.kept else 'no'}"),
        }
        for row in layer_rows(found)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="inside_layers", alt=t("inside.table_alt"))
    st.caption(t("inside.measured_on", images=found.sensitivity.images))


def _sensitivity(found: Inside) -> None:
    offered = {f"{technique}-{strength:g}": (technique, strength) for technique, strength in choices(found)}
    first = "low_bit_weights-4" if "low_bit_weights-4" in offered else next(iter(offered))
    chosen = st.selectbox(
        t("inside.technique"),
        list(offered),
        format_func=lambda name: _choice(offered[name]),
        **linked("technique", first, one_of(list(offered))),
    )
    texts = {key: t(key) for key in ("inside.measured", "inside.predicted", "inside.sqnr")}
    st.plotly_chart(
        by_layer_chart(by_layer(found, offered[chosen]), texts), key="inside_chart", config=CONFIG
    )


def _what_if(found: Inside, file: InspectedFile) -> None:
    names = [layer.name for layer in found.xray.layers]
    shown = layer_of(found, file.original_names)
    first = names[0] if shown is None else shown.name
    layer = st.selectbox(t("inside.what_if"), names, **linked("weight", first, one_of(names)))
    rows = [
        {
            t("inside.technique"): _choice((row.technique, row.strength)),
            t("inside.measured"): format_decibels(row.measured),
            t("inside.predicted"): format_decibels(row.predicted),
            t("inside.saves"): format_bytes(row.saved),
        }
        for row in what_if(found, layer)
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key="inside_what_if",
        height="content",  # beside a chart of all layers there is room for all rows
        alt=t("inside.what_if_alt", layer=plain(layer)),
    )
    st.caption(t("inside.what_if_help"))


def _choice(choice: Choice) -> str:
    """'Low-bit weights 4', 'Magnitude pruning 50 %': strengths below 1 are shares."""
    technique, strength = choice
    words = t("inside.int8_activations") if technique == "int8_activations" else named("step", technique)
    return f"{words} {format_share(strength) if strength < 1 else f'{strength:g}'}"
