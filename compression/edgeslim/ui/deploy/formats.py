"""The formats of a file beside each other, measuring them here, and their downloads."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import pandas as pd
import streamlit as st

from edgeslim.report.formats import FormatRow, finding_of, format_rows, state_of
from edgeslim.studies.figures import FIGURES
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary, show
from edgeslim.ui.components.words import column_name, figure_name, named
from edgeslim.ui.deploy.file import DeployedFile
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import DASH, format_bytes, format_ms
from edgeslim.workbench import deploy
from edgeslim.workbench.deploy import Delivered


def finding(file: DeployedFile) -> str:
    """The page's title: the fastest runtime and the smallest format, where there are several."""
    found = finding_of(_rows(file))
    if found.fastest is None or found.smallest is None:
        return t("deploy.title")
    about = {
        "number": file.number,
        "count": found.count,
        "fastest": plain(found.fastest.runtime),
        "time": format_ms(found.fastest.latency_ms),
        "smallest": named("format", found.smallest.format),
        "size": format_bytes(found.smallest.file_bytes),
    }
    return t("deploy.finding_one" if found.count == 1 else "deploy.finding", **about)


def formats(file: DeployedFile) -> None:
    """One row a runtime; what is not installed, and what failed, is said below."""
    _table(file)
    with boundary():
        _measure(file)
    with st.container(horizontal=True, vertical_alignment="center"):
        for each in _downloads(file):
            _download(file, each)
        go(
            "study",
            t("deploy.to_study"),
            icon=":material/scatter_plot:",
            study=file.study.name,
            trial=file.number,
        )
    for each in file.formats:
        if each.figures is not None and each.figures.error is not None:
            show(each.figures.error)
        if not each.version:
            packages = " ".join(each.packages)
            told = t("deploy.missing", runtime=plain(each.runtime), format=named("format", each.format))
            st.markdown(f":material/extension: {told} `pip install {packages}`")


def _rows(file: DeployedFile) -> tuple[FormatRow, ...]:
    return format_rows(file.formats, file.trial.primary_metric)


def _table(file: DeployedFile) -> None:
    rows = _rows(file)
    frame = pd.DataFrame([asdict(row) for row in rows])
    frame["format"] = [named("format", row.format) for row in rows]
    frame["state"] = [t(f"deploy.state_{row.state}") for row in rows]
    for size in ("file_bytes", "download_bytes"):
        frame[size] = [
            None if value is None else value / 1000 for value in (getattr(row, size) for row in rows)
        ]
    metric = file.trial.primary_metric or "agreement"
    number = partial(st.column_config.NumberColumn, format="%.1f")
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "runtime": st.column_config.TextColumn(t("deploy.runtime"), pinned=True),
            "format": st.column_config.TextColumn(t("deploy.format")),
            "state": st.column_config.TextColumn(t("deploy.state"), help=t("deploy.state_help")),
            "file_bytes": number(column_name(FIGURES.get("file"))),
            "download_bytes": number(column_name(FIGURES.get("download"))),
            "accuracy": number(figure_name(metric)),
            "change": number(figure_name("paired_delta")),
            "latency_ms": number(column_name(FIGURES.get("latency")), format="%.2f"),
            "ratio": number(column_name(FIGURES.get("latency_ratio")), format="%.2f"),
            "sqnr": number(column_name(FIGURES.get("sqnr_db")), help=t("deploy.sqnr_help")),
        },
        key="formats",
        placeholder=DASH,
        alt=t("deploy.alt", number=file.number),
    )


def _measure(file: DeployedFile) -> None:
    """A button where an installed runtime has no figures, or these are another machine's; progress, once begun."""
    look = partial(deploy.deploying_status, file.study, file.number)
    if watched(look, t("deploy.measuring"), leave=True):
        return
    together = all(each.measured == "here" for each in file.formats if each.version)
    if together:
        st.caption(t("deploy.together"))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            t("deploy.measure"),
            icon=":material/timer:",
            key="deploy_measure",
            type="primary" if any(state_of(each) == "unmeasured" for each in file.formats) else "secondary",
            help=t("deploy.measure_help"),
        )
        st.caption(t("deploy.apart"), width="content")
    ended(look())
    if pressed:
        deploy.begin_deploying(file.study, file.number)
        st.rerun()


def _downloads(file: DeployedFile) -> list[Delivered]:
    """Each file once, though two runtimes may open it."""
    found: dict[str, Delivered] = {}
    for each in file.formats:
        sha256 = None if each.figures is None else each.figures.sha256
        if sha256 is not None:
            found.setdefault(sha256, each)
    return list(found.values())


def _download(file: DeployedFile, each: Delivered) -> None:
    st.download_button(
        t(
            "deploy.download",
            format=named("format", each.format),
            size=format_bytes(each.figures.bytes if each.figures else None),
        ),
        lambda: deploy.delivered_file(file.study, file.number, each)[0],
        file_name=f"{file.study.model}-{file.number}{each.suffix}",
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=f"deploy_download_{each.format}",
    )
