"""A study: what its compressed files cost, which to choose, and all about one of them."""

import streamlit as st

from edgeslim import workbench
from edgeslim.report.info import counts
from edgeslim.ui import data
from edgeslim.ui.components.budget import budget_form
from edgeslim.ui.components.certainty import certainty
from edgeslim.ui.components.choice import choice_beside, choice_under, pinned
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.pareto import axis_choice, show_pareto
from edgeslim.ui.components.study import show_progress, study_actions, study_choice, study_header
from edgeslim.ui.components.table import trial_table
from edgeslim.ui.components.trial import links, trial_panel
from edgeslim.ui.state import selected_trial, t
from edgeslim.units import format_bytes

st.title(t("study.title"), anchor=False)
top, actions = st.columns([5, 1], vertical_alignment="bottom")
with top:
    name = study_choice(clears=("trial",))
if name is None:
    st.info(t("study.empty"), icon=":material/info:")
    go("new", t("study.start_one"), icon=":material/add_circle:")
    st.stop()

study = data.load_study(name)
study_header(study)
show_progress(study)

if not any(trial.measured for trial in study.trials):
    with actions:
        study_actions(study)
    st.info(t("study.nothing_yet"), icon=":material/hourglass_top:")
    if "failed" in counts(study) and (selected := selected_trial()) is not None:
        trial_panel(study, selected, data.effects())
    st.stop()

left, right = st.columns([13, 5], gap="large")
with right:
    st.subheader(t("budget.title"), anchor=False)
    budget = budget_form(study)
    choice = choice_under(study, budget)
    choice_beside(study, choice, budget)
with left:
    x, y, close_up = axis_choice(study)
    selected = selected_trial()
    show_pareto(
        study,
        x,
        y,
        key="study_chart",
        budget=budget,
        labels=pinned(choice),
        selected=selected,
        close_up=close_up,
        height=500,
    )
with actions:
    study_actions(study)

with st.container(border=True):
    shown = selected if selected is not None else choice.pick if choice is not None else None
    if shown is None:
        st.markdown(f":material/ads_click: {t('trial.none')}")
    else:
        trial_panel(study, shown, data.effects())
        trial = study.trial(shown)
        if trial is not None and trial.sizes is not None and data.has_file(trial):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.download_button(
                    t("trial.download_file", size=format_bytes(trial.sizes.file)),
                    lambda: workbench.artifact_bytes(trial.sha256 or ""),
                    file_name=f"{study.model}-{shown}.onnx",
                    mime="application/octet-stream",
                    icon=":material/download:",
                    type="primary",
                    on_click="ignore",
                )
                if shown != study.baseline:
                    go(
                        "compare",
                        t("trial.compare"),
                        icon=":material/compare:",
                        study=name,
                        trials=shown,
                    )
        elif trial is not None and trial.measured:
            st.caption(t("trial.no_file"))
        links(study, shown)

certainty(study, shown)
st.subheader(t("table.title"), anchor=False)
trial_table(study, y, budget)
