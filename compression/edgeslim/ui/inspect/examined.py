"""The doctor's section of the page: why the file lost what it lost."""

from __future__ import annotations

import streamlit as st

from edgeslim.ui.components.doctor import doctor
from edgeslim.ui.inspect.file import InspectedFile
from edgeslim.ui.state import t


def examined(file: InspectedFile) -> None:
    if file.study is None or file.trial is None:
        st.info(t("doctor.no_study"), icon=":material/stethoscope:")
        return
    doctor(file.study, file.trial.number)
