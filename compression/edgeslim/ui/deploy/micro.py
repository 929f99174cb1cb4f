"""The file on a microcontroller: operators, flash, arena, and a C header."""

from __future__ import annotations

from functools import partial

import streamlit as st

from edgeslim.studies.devices import DEVICES
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.deploy.file import DeployedFile
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import format_bytes
from edgeslim.workbench import deploy


def micro(file: DeployedFile) -> None:
    """Of the .tflite file, where there is one; else what is known of the ONNX file, and how to get there."""
    for each in file.formats:
        with boundary():
            found = deploy.micro(each)
            if found is None:
                continue
            if found.missing:
                words = t("micro.missing", operators=plain(", ".join(found.missing)))
                st.markdown(f":material/error: {words}")
            else:
                st.markdown(f":material/check: {t('micro.all', count=len(found.operators))}")
            _room(found.flash, found.arena)
            st.download_button(
                t("micro.header", size=format_bytes(found.flash)),
                partial(deploy.micro_header, file.study, file.number, each),
                file_name=f"{file.study.model}-{file.number}.h",
                mime="text/plain",
                icon=":material/memory:",
                on_click="ignore",
                key="micro_header",
            )
            st.caption(t("micro.unmeasured"))
            return
    st.markdown(t("micro.without"))
    activations = (file.trial.memory or {}).get("peak_activation")
    if file.trial.sizes is not None and activations is not None:
        for device in DEVICES:
            if device.weights_in_flash:
                values = _values(device.name, file.trial.sizes.file, activations)
                st.caption(f":material/info: {t('micro.so_far', **values)}")


def _room(flash: int, arena: int) -> None:
    """What the declared microcontrollers have room for."""
    for device in DEVICES:
        if device.weights_in_flash:
            fits = flash <= device.flash and arena <= device.ram
            words = t("micro.fits" if fits else "micro.too_large", **_values(device.name, flash, arena))
            st.markdown(f":material/{'check' if fits else 'block'}: {words}")


def _values(name: str, flash: int, arena: int) -> dict[str, str]:
    device = DEVICES.get(name)
    return {
        "device": t(f"device.{name}"),
        "flash": format_bytes(flash),
        "arena": format_bytes(arena),
        "flash_room": format_bytes(device.flash),
        "ram_room": format_bytes(device.ram),
    }
