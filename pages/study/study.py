"""A study: what its compressed files cost, which to choose, and all about one of them."""

import streamlit as st

from edgeslim.report.info import counts
from edgeslim.ui import data
from edgeslim.ui.components.budget import budget_form
from edgeslim.ui.components.certainty import certainty
from edgeslim.ui.components.choice import choice_under, pick_card, pinned
from edgeslim.ui.components.device import device_choice, device_estimate
from edgeslim.ui.components.doctor import doctor
from edgeslim.ui.components.evolution import study_evolution
from edgeslim.ui.components.file_panel import file_panel
from edgeslim.ui.components.finding import finding, recommended
from edgeslim.ui.components.lost_picture import lost_picture
from edgeslim.ui.components.measure_here import measure_here
from edgeslim.ui.components.navigation import go
from edgeslim.ui.components.pareto import chart_choice, show_pareto
from edgeslim.ui.components.sections import sections
from edgeslim.ui.components.stages import stage_effects
from edgeslim.ui.components.study import STOPPED, show_progress, study_actions, study_choice, study_header
from edgeslim.ui.components.table import trial_table
from edgeslim.ui.components.trial import trial_panel
from edgeslim.ui.state import selected_trial, t

title, which, actions = st.columns([61, 21, 13], vertical_alignment="center", gap="small")
with which:
    name = study_choice(clears=("trial",))
if name is None:
    title.title(t("study.title"), anchor=False)
    st.info(t("study.empty"), icon=":material/info:")
    go("new", t("study.start_one"), icon=":material/add_circle:")
    st.stop()

study = data.load_study(name)
with actions:
    study_actions(study)
if not any(trial.measured for trial in study.trials):
    title.title(finding(study, None), anchor=False)
    study_header(study)
    show_progress(study)
    words = "study.nothing_measured" if study.state in STOPPED else "study.nothing_yet"
    st.info(t(words), icon=":material/hourglass_top:")
    if "failed" in counts(study) and (selected := selected_trial()) is not None:
        trial_panel(study, selected, data.effects())
    st.stop()

selected = selected_trial()
facts, card = st.container(), st.container()
left, right = st.columns([13, 5], gap="medium")
with right:
    device = device_choice(study)
    estimate = st.container()
    budget = budget_form(study, device)
    beside = st.container()
choice = choice_under(study, budget)
pick = choice.pick if choice is not None else recommended(study)
shown = selected if selected is not None else pick
title.title(finding(study, choice), anchor=False)
quiet = study.state == "complete"
with facts:
    if not quiet:
        study_header(study)
    show_progress(study)
with card:
    pick_card(study, choice, budget, device)
with left:
    chosen = chart_choice(study)
    show_pareto(
        study,
        chosen,
        key="study_chart",
        budget=budget,
        labels=pinned(study, budget, data.starred(study)),
        selected=selected,
        height=364,
    )
    if quiet:  # what everybody sees first is the choice
        study_header(study)
    measure_here(study, chosen.figures)
with estimate:
    device_estimate(study, device, study.trial(shown))

file_panel(study, shown, pick)

sections(
    {
        "table": lambda: trial_table(study, chosen, budget),
        "stages": lambda: stage_effects(study, shown),
        "doctor": lambda: doctor(study, shown),
        "search": lambda: study_evolution(study),
        "certainty": lambda: certainty(study, shown),
    }
)
with beside:  # last, since it may take a second
    lost_picture(study, pick)
