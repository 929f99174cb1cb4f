"""Side by side: what the original sees and what compressed files see, on the same pictures."""

import streamlit as st

from edgeslim.report.info import worth_it
from edgeslim.ui import data
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.pictures import comparison, picture_source
from edgeslim.ui.components.study import study_choice
from edgeslim.ui.components.words import machine_words, numbered
from edgeslim.ui.state import linked, some_of, t

MOST = 3

st.title(t("compare.title"), anchor=False)
which, files, pictures = st.columns([4, 5, 4], vertical_alignment="bottom")
with which:
    name = study_choice(clears=("trials", "image"))
if name is None:
    st.info(t("study.empty"), icon=":material/info:")
    go("new", t("study.start_one"), icon=":material/add_circle:")
    st.stop()
study = data.load_study(name)
original = study.original
here = {trial.number: trial for trial in study.trials if data.has_file(trial) and trial is not original}
if original is None or not data.has_file(original) or not here:
    st.info(t("compare.nothing"), icon=":material/hourglass_top:")
    st.stop()

best = [number for number in (data.once(worth_it, study), *study.front) if number in here]
numbers = files.multiselect(
    t("compare.files"),
    list(here),
    format_func=lambda number: numbered(here[number]),
    max_selections=MOST,
    placeholder=t("compare.files_placeholder"),
    **linked("trials", [*best, *here][:1], some_of(list(here), MOST)),
)
with pictures:
    source = picture_source()
comparison(study, [original, *(here[number] for number in numbers)], source)
if any(trial.latency for trial in study.trials):
    st.caption(t("timing.measured_on", machine=machine_words(study)))
