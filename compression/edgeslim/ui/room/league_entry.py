"""Entering a recipe: its steps in order, each with its parameters."""

from __future__ import annotations

import streamlit as st

from edgeslim import workbench
from edgeslim.records import RecipeRecord
from edgeslim.rooms.room import League, Person, Room
from edgeslim.ui import data
from edgeslim.ui.components.words import step_name
from edgeslim.ui.forms import parameter_inputs
from edgeslim.ui.state import t
from edgeslim.workbench import league as leagues

STEPS = 4
LEFT_OUT = ("distil_from_teacher",)
"""Steps that need another model."""


def entry_form(room: Room, league: League, person: Person, token: str) -> None:
    """What one enters, and how many entries are left."""
    left = league.each - len(league.of(person.number))
    st.subheader(t("league.enter_title"), anchor=False)
    if left <= 0:
        st.info(t("error.entries_used", each=league.each), icon=":material/block:")
        return
    st.caption(t("league.left", left=left))
    known = {name: step for name, step in data.steps().items() if name not in LEFT_OUT}
    chosen = st.multiselect(
        t("league.steps"),
        list(known),
        max_selections=STEPS,
        format_func=step_name,
        placeholder=t("league.steps_placeholder"),
        key="league_steps",
    )
    steps = []
    for name in chosen:
        with st.expander(step_name(name), expanded=len(chosen) == 1):
            values = parameter_inputs(name, known[name].parameters, {}, f"league_{name}")
            steps.append({"step": name, **values})
    if not steps:
        return
    recipe = RecipeRecord(tuple(steps))
    workbench.read_recipe(recipe)
    if st.button(t("league.enter"), type="primary", icon=":material/send:", key="league_enter"):
        leagues.enter_league(room.code, token, recipe)
        st.toast(t("league.entered"), icon=":material/check_circle:")
        st.rerun()
