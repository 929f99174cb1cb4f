"""Live: the original and a compressed file run in the visitor's own browser."""

import streamlit as st

from edgeslim.report.info import worth_it
from edgeslim.ui import data
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.study import study_choice
from edgeslim.ui.components.words import numbered
from edgeslim.ui.live.here import detect_here, phone
from edgeslim.ui.state import linked, one_of, t

heading = st.empty()
which, file, more = st.columns([8, 8, 4], vertical_alignment="bottom")
with which:
    name = study_choice(clears=("trial",))
study = None if name is None else data.load_study(name)
here = {} if study is None else {each.number: each for each in study.trials if data.has_file(each)}
original = None if study is None or study.baseline is None else here.pop(study.baseline, None)
if study is None or original is None or not here:
    heading.title(t("live.title"), anchor=False)
    st.info(t("live.nothing"), icon=":material/info:")
    go("new", t("study.start_one"), icon=":material/add_circle:")
    st.stop()

best = [number for number in (data.once(worth_it, study), *study.front) if number in here]
number = file.selectbox(
    t("live.file"),
    list(here),
    format_func=lambda number: numbered(here[number]),
    **linked("trial", [*best, *here][0], one_of(list(here))),
)
with more:
    phone(study, number)
heading.title(t("live.finding", file=numbered(here[number])), anchor=False)
detect_here(study, original, here[number])
