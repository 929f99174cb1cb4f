"""Live: the original and a compressed file run in the visitor's own browser."""

import streamlit as st

from edgeslim.ui.components.study_file import study_file
from edgeslim.ui.components.words import numbered
from edgeslim.ui.live.here import best, detect_here, phone
from edgeslim.ui.state import t

heading = st.empty()
which, file, more = st.columns([8, 8, 4], vertical_alignment="bottom")
chosen = study_file(which, file, ("trial",), best, beside_original=True)
if chosen is None:
    heading.title(t("live.title"), anchor=False)
    st.stop()

study, trial = chosen.study, chosen.trial
with more:
    phone(study, trial.number)
heading.title(t("live.finding", file=numbered(trial)), anchor=False)
original = next(each for number, each in chosen.here.items() if number == study.baseline)
detect_here(study, original, trial)
