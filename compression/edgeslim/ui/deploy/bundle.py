"""A zip to be measured on a device of one's own."""

from __future__ import annotations

from functools import partial

import streamlit as st

from edgeslim.studies.bundles import DeviceBundle
from edgeslim.ui import data
from edgeslim.ui.components.errands import ended, watched
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.words import numbered
from edgeslim.ui.deploy.file import DeployedFile
from edgeslim.ui.state import linked, some_of, t
from edgeslim.units import format_bytes
from edgeslim.workbench import devices

MOST = 12
"""Files beside the original: measuring them takes minutes on a slow device."""


def bundle(file: DeployedFile) -> None:
    """Which files go along, and the zip; how to measure is told in it."""
    study = file.study
    here = {trial.number: trial for trial in study.trials if data.has_file(trial)}
    others = [number for number in here if number != study.baseline]
    front = [number for number in study.front if number in others]
    first = list(dict.fromkeys([*([file.number] if file.number in others else []), *front]))[:MOST]
    st.markdown(t("bundle.about"))
    numbers = st.multiselect(
        t("bundle.files"),
        others,
        format_func=lambda number: numbered(here[number]),
        max_selections=MOST,
        select_all=False,
        **linked("bundle", sorted(first), some_of(others, MOST)),
    )
    with boundary():
        made = devices.bundle_ready(study, numbers)
        if made is not None:
            _save(made)
            return
        look = partial(devices.bundling_status, study, numbers)
        if watched(look, t("bundle.making"), leave=True):
            return
        ended(look())
        if st.button(t("bundle.make"), icon=":material/inventory_2:", key="make_bundle"):
            devices.begin_bundling(study, numbers)
            st.rerun()


def _save(made: DeviceBundle) -> None:
    content = _zipped(made)
    st.download_button(
        t("bundle.save", size=format_bytes(len(content))),
        content,
        file_name=f"edgeslim-{made.model}.zip",
        mime="application/zip",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
        key="save_bundle",
    )
    runtimes = dict.fromkeys(entry.runtime for entry in made.entries)
    st.caption(t("bundle.holds", files=len(made.entries), runtimes=t("choice.list").join(runtimes)))
    packages = " ".join(dict.fromkeys(package for entry in made.entries for package in entry.packages))
    st.code(
        f'pip install numpy {packages}\npython3 measure.py --name "{t("bundle.name")}"',
        language=None,
        wrap_lines=True,
    )
    st.caption(t("bundle.then"))


@st.cache_data(
    max_entries=4, show_spinner=False, hash_funcs={DeviceBundle: lambda made: (made.key, made.made)}
)
def _zipped(made: DeviceBundle) -> bytes:
    return devices.bundle_zip(made)
