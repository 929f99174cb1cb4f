"""The device that a file is made for: its room begins the budget, its speed is an estimate and called one."""

from __future__ import annotations

import streamlit as st

from edgeslim.report.limits import limit_parameter
from edgeslim.studies.devices import DEVICES, Device
from edgeslim.studies.figures import limits, runtimes_of
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.ui.state import linked, one_of, t
from edgeslim.units import format_bytes, format_ms, format_share

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


def device_estimate(device: Device | None, trial: TrialResult | None) -> None:
    """How long a file might take on the device: an estimate, with its sources and the device's room."""
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
