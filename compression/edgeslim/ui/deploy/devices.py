"""Devices of one's own: results are dropped here, and what was measured on each."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from edgeslim.runtime.figures import on_device
from edgeslim.studies.calibration import FEWEST, calibrated
from edgeslim.studies.devices_measured import DeviceFile, DeviceMeasurement
from edgeslim.ui.components.bringing import may_bring
from edgeslim.ui.components.device import calibration_words
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import names
from edgeslim.ui.deploy.file import DeployedFile
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import DASH
from edgeslim.workbench import devices

_READ = "device_results_read"


def own_devices(file: DeployedFile) -> None:
    """A place to drop results, and a table for each device."""
    _drop(file)
    measured = devices.device_measurements(file.study)
    if not measured:
        st.markdown(t("devices.none"))
    for each in measured:
        _device(file, each)


def _drop(file: DeployedFile) -> None:
    if not may_bring():
        return
    given = st.file_uploader(
        t("devices.drop"), type=["json"], key="device_results", help=t("devices.drop_help")
    )
    if given is None:
        return
    with boundary():
        if st.session_state.get(_READ) != given.file_id:
            found = devices.add_results(given.getvalue(), file.study)
            st.session_state[_READ] = given.file_id
            st.toast(t("devices.added", device=plain(found.name)), icon=":material/check:")
            st.rerun()
        st.success(t("devices.taken"), icon=":material/check:")


def _device(file: DeployedFile, measured: DeviceMeasurement) -> None:
    about = measured.device
    st.subheader(plain(measured.name), anchor=False)
    told = t(
        "devices.about",
        cpu=plain(about.get("cpu", "")),
        cores=plain(about.get("cores", "")),
        system=plain(f"{about.get('system', '')} {about.get('machine', '')}"),
        made=plain(measured.made[:10]),
    )
    st.caption(told)
    go(
        "study",
        t("devices.on_chart"),
        icon=":material/scatter_plot:",
        study=file.study.name,
        trial=file.number,
        x=f"latency.{on_device(measured.name)}",
    )
    _table(file, measured)
    for each in measured.files:
        if each.error is not None:
            st.caption(f":material/error: #{each.trial} {plain(each.runtime)}: {plain(each.error)}")
        elif not each.same:
            words = t("devices.differs", number=each.trial, decibels=f"{each.sqnr_db:.0f}")
            st.caption(f":material/warning: {words}")
        elif each.plain_sqnr_db is not None and each.plain_sqnr_db < each.sqnr_db:
            words = t(
                "devices.exact",
                number=each.trial,
                decibels=f"{each.plain_sqnr_db:.0f}",
                mode=plain(each.mode),
            )
            st.caption(f":material/info: {words}")
    noisy = [f"#{each.trial} {each.runtime}" for each in measured.files if each.single and each.single.noisy]
    if noisy:
        words = t("devices.noisy", files=plain(t("choice.list").join(noisy)))
        st.caption(f":material/warning: {words}")
    _throttling(measured)
    found = calibrated(file.study, measured)
    if found is None:
        st.caption(f":material/tune: {t('calibration.too_few', files=FEWEST)}")
        return
    told = calibration_words(found, file.trial)
    st.caption(f":material/tune: {told}", help=t("calibration.how"))


def _table(file: DeployedFile, measured: DeviceMeasurement) -> None:
    titles = names(file.study)
    counts = sorted({count for each in measured.files for count in each.latencies})
    rows = [_row(each, counts, titles.get(_number(file, each), f"#{each.trial}")) for each in measured.files]
    columns: dict[str, Any] = {
        "file": st.column_config.TextColumn(t("inspect.file"), pinned=True),
        "runtime": st.column_config.TextColumn(t("deploy.runtime")),
        "ratio": st.column_config.NumberColumn(t("axis.latency_ratio"), format="%.2f"),
        "p95": st.column_config.NumberColumn(t("devices.p95"), format="%.2f"),
        "first": st.column_config.NumberColumn(
            t("devices.first"), format="%.1f", help=t("devices.first_help")
        ),
        "resident": st.column_config.NumberColumn(
            t("devices.memory"), format="%.1f", help=t("devices.memory_help")
        ),
        "outputs": st.column_config.NumberColumn(
            t("devices.outputs"), format="%.0f", help=t("devices.outputs_help")
        ),
    }
    for count in counts:
        columns[f"ms{count}"] = st.column_config.NumberColumn(t("devices.ms", threads=count), format="%.2f")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_order=[
            "file",
            "runtime",
            *(f"ms{count}" for count in counts),
            "ratio",
            "p95",
            "first",
            "resident",
            "outputs",
        ],
        column_config=columns,
        key=f"device_{measured.name}",
        placeholder=DASH,
        alt=t("devices.alt", device=measured.name),
    )


def _row(each: DeviceFile, counts: list[int], title: str) -> dict[str, Any]:
    single = each.single
    return {
        "file": title.replace("\\", ""),
        "runtime": f"{each.runtime} {each.version}",
        **{
            f"ms{count}": each.latencies[count].median_ms if count in each.latencies else None
            for count in counts
        },
        "ratio": single.ratio if single else None,
        "p95": single.p95_ms if single else None,
        "first": each.first_ms,
        "resident": None if each.memory is None else each.memory / 1e6,
        "outputs": None if each.error else each.sqnr_db,
    }


def _number(file: DeployedFile, each: DeviceFile) -> int:
    """The file's trial in this study, which need not be the one that was bundled."""
    return next((trial.number for trial in file.study.trials if trial.sha256 == each.onnx), -1)


def _throttling(measured: DeviceMeasurement) -> None:
    """How much slower it was at the end of running without a pause than at its beginning."""
    seconds = measured.sustained
    if len(seconds) < 6:
        return
    third = len(seconds) // 3
    first, last = (
        sorted(each.milliseconds for each in part)[third // 2] for part in (seconds[:third], seconds[-third:])
    )
    values = {"seconds": f"{seconds[-1].seconds:.0f}", "first": f"{first:.2f}", "last": f"{last:.2f}"}
    told = t("devices.sustained", change=f"{(last / first - 1) * 100:+.0f} %", **values)
    hot = [each.temperature for each in seconds if each.temperature is not None]
    if hot:
        told += " " + t("devices.temperature", low=f"{min(hot):.0f}", high=f"{max(hot):.0f}")
    clocks = [each.clock for each in seconds if each.clock is not None]
    if clocks:
        told += " " + t("devices.clock", low=f"{min(clocks):.0f}", high=f"{max(clocks):.0f}")
    st.caption(f":material/device_thermostat: {told}")
