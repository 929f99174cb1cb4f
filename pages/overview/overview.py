"""The first screen: one slider from the original to the smallest file, and what each saving costs."""

import streamlit as st

from edgeslim.report.findings import savings
from edgeslim.report.info import headline
from edgeslim.ui import data
from edgeslim.ui.components.navigation import go, presenting
from edgeslim.ui.components.problems import boundary
from edgeslim.ui.components.walk import LOSS, found_walk, show_walk
from edgeslim.ui.components.words import machine_words, trial_title, words
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.units import format_interval

study = data.sample()
found = found_walk(study) if study else None
if study is not None and found is not None:
    stop = found.stops[found.start]
    best, trial = headline(study, stop.number), study.trial(stop.number)
    assert best is not None and trial is not None, "stops are measured trials"
    sure = best.interval is not None and best.interval[0] >= -LOSS
    if not presenting():
        left, right = st.columns([6, 1], vertical_alignment="center")
        left.title(
            t(f"overview.{'sure' if sure else 'unsure'}", savings=savings(best, words())), anchor=False
        )
        right.button(
            t("overview.start_presenting"),
            icon=":material/slideshow:",
            on_click=lambda: st.query_params.update(present="1"),
        )
    with boundary():
        show_walk(study, found, presenting=presenting())
    if presenting():
        st.stop()
    st.caption(
        t(
            "overview.claim" if sure and stop.recommended else "overview.claim_unsure",
            title=plain(trial_title(trial)),
            model=plain(study.model),
            images=study.images,
            limit=f"{LOSS * 100:g}",
            interval=format_interval(best.interval, signed=True),
            machine=machine_words(study),
        )
    )
    go("study", t("take.button"), icon=":material/description:", study=study.name, take="1")
else:
    st.title(t("overview.title"), anchor=False)
    st.info(t("overview.no_sample"), icon=":material/info:")

st.header(t("overview.ways"), anchor=False)
st.markdown(t("overview.lead"))
ways = [
    ("teach", "learn", {}),
    ("bring", "new", {"model_from": "file"}),
]
if study is not None:
    ways.insert(0, ("present", "study", {"study": study.name}))
for column, (way, page, parameters) in zip(st.columns(3), ways, strict=False):
    with column.container(border=True, height="stretch"):
        st.markdown(f"**{t(f'overview.{way}')}**")
        st.markdown(t(f"overview.{way}_text"))
        go(page, t(f"overview.{way}_link"), icon=":material/arrow_forward:", **parameters)
