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
    used = len(league.of(person.number))
    if used >= league.each:
        st.info(t("error.entries_used", each=league.each), icon=":material/block:")
        return
    words = t("league.enter_title", left=league.each - used)
    with st.expander(words, icon=":material/add_circle:", expanded=not used, key="league_entry"):
        recipe = _recipe()
        if recipe is None:
            return
        workbench.read_recipe(recipe)
        if st.button(t("league.enter"), type="primary", icon=":material/send:", key="league_enter"):
            leagues.enter_league(room.code, token, recipe)
            st.toast(t("league.entered"), icon=":material/check_circle:")
            st.rerun()


def _recipe() -> RecipeRecord | None:
    """The steps that were chosen; what a search would vary is asked first, the rest on demand."""
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
        with st.container(border=True):
            st.markdown(f"**{step_name(name)}**")
            declared = known[name].parameters
            main = [param for param in declared if param.search is not None]
            values = parameter_inputs(name, main, {}, f"league_{name}")
            rest = [param for param in declared if param.search is None]
            if rest and st.toggle(t("league.more"), key=f"league_more_{name}"):
                values |= parameter_inputs(name, rest, {}, f"league_{name}_more")
            steps.append({"step": name, **values})
    return RecipeRecord(tuple(steps)) if steps else None
