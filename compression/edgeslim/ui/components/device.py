"""The device that a file is made for: its room begins the budget, its speed is an estimate and called one."""

from __future__ import annotations

import streamlit as st

from edgeslim.report.limits import limit_parameter
from edgeslim.runtime.figures import on_device
from edgeslim.studies.calibration import Calibration
from edgeslim.studies.devices import DEVICES, Device
from edgeslim.studies.figures import limits, runtimes_of
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui import data
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import linked, one_of, t
from edgeslim.units import format_bytes, format_ms, format_share
from edgeslim.workbench import devices

NONE = "any"


def device_choice(study: StudyResult) -> Device | None:
    """A device whose room the limits begin with; another one takes those back that concern room, and no others."""
    names = [NONE, *DEVICES.names()]
    room = {name for device in DEVICES for name in device.limits}
    figures = [each for each in limits(runtimes_of(study.trials)) if each.name in room]
    name = st.selectbox(
        t("device.label"),
        names,
        format_func=lambda name: t(f"device.{name}"),
        label_visibility="collapsed",
        **linked("device", NONE, one_of(names), clears=[limit_parameter(each) for each in figures]),
    )
    return None if name == NONE else DEVICES.get(name)


def device_estimate(study: StudyResult, device: Device | None, trial: TrialResult | None) -> None:
    """How long a file might take on the device: an estimate, with its sources and the device's room.

    Where files of the study were measured on such a device, the estimate is calibrated by them, and says how good it is.
    """
    if device is None:
        return
    flash, ram = (format_bytes(limit) for limit in device.limits.values())
    source = t(f"device.{device.name}_source", flash=flash, ram=ram)
    low, high = map(format_share, device.utilisation)
    told = t("device.no_estimate")
    if trial is not None and trial.macs is not None:
        fast, slow = (format_ms(float(f"{time:.2g}")) for time in device.milliseconds(trial.macs))
        told = t("device.estimate", number=trial.number, low=fast, high=slow)
    st.caption(f":material/memory: {told}", help=f"{source} {t('device.how', low=low, high=high)}")
    for each in data.once(_calibrations, study, devices.devices_version(study)):
        if each.profile == device.name:
            st.caption(f":material/tune: {calibration_words(each, trial)}")


def calibration_words(found: Calibration, trial: TrialResult | None) -> str:
    """How far off estimates for the device are, before and after it was measured; and one for the trial, unless that was
    measured there too."""
    before = "" if found.before is None else t("calibration.before", factor=_factor(found.before))
    told = t(
        "calibration.after",
        before=before,
        device=plain(found.device),
        files=found.files,
        factor=_factor(found.after),
    ).strip()
    if trial is None or trial.in_runtime(on_device(found.device)) is not None:
        return told
    time = found.milliseconds(trial)
    if time is None:
        return told
    estimate = t("calibration.estimate", number=trial.number, time=format_ms(float(f"{time:.2g}")))
    return f"{told} {estimate}"


def _factor(factor: float) -> str:
    return f"{factor:.2f}×" if factor < 10 else f"{factor:.0f}×"


def _calibrations(study: StudyResult, version: str | None) -> tuple[Calibration, ...]:
    return () if version is None else devices.calibrations(study)
