"""The device that is the goal through all lessons: its room is drawn in every chart of bytes."""

from __future__ import annotations

import streamlit as st

from edgeslim.report.lesson_axes import Limit
from edgeslim.studies.devices import DEVICES
from edgeslim.ui.state import linked, one_of, t
from edgeslim.units import format_bytes

_DEVICE, FIRST = "learn_device", "stm32h7"


def choose_device() -> Limit:
    """The choice, in the address and in the session."""
    names = list(DEVICES.names())
    before = st.session_state.get(_DEVICE, FIRST)
    name = st.selectbox(
        t("learn.device"),
        names,
        format_func=lambda name: f"{t(f'device.{name}')} · {format_bytes(DEVICES.get(name).flash)}",
        help=t("learn.device_help"),
        **linked("device", before, one_of(names)),
    )
    st.session_state[_DEVICE] = name
    return Limit(t(f"device.{name}"), DEVICES.get(name).flash)
