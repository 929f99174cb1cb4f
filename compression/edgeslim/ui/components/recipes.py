"""Ready recipes, and recipes of one's own: steps to add, order, set and remove. Rules are checked while one builds."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from edgeslim import workbench
from edgeslim.errors import EdgeSlimError
from edgeslim.records import RecipeRecord
from edgeslim.studies.study import StudyPlan
from edgeslim.ui import data
from edgeslim.ui.components.plan import StudyRequest
from edgeslim.ui.components.presets import (
    ADDABLE,
    LASTING,
    OWN,
    absent_presets,
    missing_needs,
    preset_cards,
    preset_contents,
)
from edgeslim.ui.components.problems import boundary, show
from edgeslim.ui.components.recipe_drafts import RecipeDraft, StepDraft, draft_of, load, number, take_over
from edgeslim.ui.components.words import named, step_name
from edgeslim.ui.forms import parameter_inputs
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t
from edgeslim.workbench.datasets import DatasetInfo

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe
    from edgeslim.steps.base import StepInfo
    from edgeslim.workbench.presets import FittingPreset

_STATE = "edgeslim_recipes"


def recipes_form(
    plan: StudyPlan,
    dataset: DatasetInfo,
    presets: Mapping[str, FittingPreset],
    steps: Mapping[str, StepInfo],
    teachers: Sequence[str],
) -> StudyRequest | None:
    """The plan with a preset, or with recipes of one's own; None as long as those cannot be run."""
    fitting = {name: preset for name, preset in presets.items() if preset.recipes}
    above = st.container()
    chosen = preset_cards(fitting, data.preset_times(plan.model, plan.dataset, plan.calibration))
    absent_presets(preset for preset in presets.values() if not preset.recipes)
    if chosen == OWN:
        recipes = recipe_editor(steps, teachers, data.idle_steps(plan.model))
        asked = tuple(json.dumps(recipe.to_json()) for recipe in recipes)
        lack = data.lacking(plan.model, plan.dataset, plan.calibration, asked)
        if lack:
            words = t("need.would_fail", count=len(lack), all=len(recipes))
            st.warning(words, icon=":material/block:")
            missing_needs(lack, dataset)
        return StudyRequest(plan, recipes) if len(lack) < len(recipes) else None
    with above:  # of all presets: what is added may bring back one that is not there to be chosen
        missing_needs([one for preset in presets.values() for one in preset.left_out], dataset, ADDABLE)
    preset_contents(presets[chosen])
    missing_needs(presets[chosen].left_out, dataset, LASTING)
    return StudyRequest(replace(plan, preset=chosen))


def recipe_editor(
    steps: Mapping[str, StepInfo], teachers: Sequence[str], idle: Collection[str] = ()
) -> tuple[Recipe, ...]:
    """The recipes; none unless all of them can be run. `teachers` are models to learn from; steps that are `idle` find
    nothing to do in this model, and are offered last."""
    steps = dict(sorted(steps.items(), key=lambda each: each[0] in idle))
    drafts: list[RecipeDraft] = st.session_state.setdefault(_STATE, [])
    take_over(drafts)
    recipes: list[Recipe] = []
    for place, draft in enumerate(drafts):
        with st.container(border=True):
            _edit(draft, place, steps, teachers, idle)
            try:
                recipes.append(workbench.read_recipe(draft.record()))
            except EdgeSlimError as error:
                show(error.record())
                if "repaired" in error.values:  # it is about the order
                    _repair(draft)
    with st.container(horizontal=True):
        st.button(
            t("recipes.add"), icon=":material/add:", key="add_recipe", on_click=_add_recipe, args=(drafts,)
        )
        with st.popover(t("recipes.load"), icon=":material/upload_file:"):
            load(drafts)
    if not drafts:
        st.caption(t("recipes.empty"))
    elif not all(draft.steps for draft in drafts):
        st.caption(f":material/playlist_add: {t('recipes.needs_step')}")
    sound = len(recipes) == len(drafts) and all(recipe.steps for recipe in recipes)
    return tuple(recipes) if sound else ()


def _repair(draft: RecipeDraft) -> None:
    """Offer to put the steps in a sensible order, if they have one."""
    with boundary():
        recipe = draft.record()
        repaired = workbench.repaired_recipe(recipe)
        if repaired is not None and repaired.steps != recipe.steps:
            st.button(
                t("recipes.use_order"),
                icon=":material/low_priority:",
                key=f"use_order_{draft.id}",
                on_click=_use_order,
                args=(draft, repaired),
            )


def _use_order(draft: RecipeDraft, wanted: RecipeRecord) -> None:
    """Order the draft's steps as wanted; those not wanted go. What was set of them stays."""
    left = list(draft.steps)
    ordered = []
    for step in wanted.steps:
        same = [one for one in left if one.step == step["step"]]
        chosen = next((one for one in same if one.to_json() == step), same[0])
        left.remove(chosen)
        ordered.append(chosen)
    draft.steps[:] = ordered


def _edit(
    draft: RecipeDraft,
    place: int,
    known: Mapping[str, StepInfo],
    teachers: Sequence[str],
    idle: Collection[str],
) -> None:
    top, aside = st.columns([5, 1], vertical_alignment="bottom")
    buttons = aside.container(horizontal=True, horizontal_alignment="right")
    draft.name = top.text_input(
        t("recipes.name"),
        value=draft.name,
        key=f"recipe_{draft.id}_name",
        placeholder=" + ".join(step_name(step.step) for step in draft.steps) or t("recipes.no_steps"),
    )
    drafts = st.session_state[_STATE]
    buttons.button(
        "",
        icon=":material/content_copy:",
        key=f"copy_{draft.id}",
        help=t("recipes.copy"),
        on_click=_copy,
        args=(drafts, place),
    )
    buttons.button(
        "",
        icon=":material/delete:",
        key=f"delete_{draft.id}",
        help=t("recipes.remove"),
        on_click=_remove,
        args=(drafts, place),
    )
    for position, step in enumerate(draft.steps):
        _edit_step(draft.steps, position, known[step.step], teachers)
    line = st.columns([4, 2, 4], vertical_alignment="bottom")
    chosen = line[0].selectbox(
        t("recipes.step"),
        list(known),
        format_func=lambda name: f"{step_name(name)} · {named('group', known[name].group)}",
        key=f"step_of_{draft.id}",
        label_visibility="collapsed",
    )
    line[1].button(
        t("recipes.add_step"),
        key=f"add_step_{draft.id}",
        on_click=_add_step,
        args=(draft, f"step_of_{draft.id}"),
        disabled=chosen is None,
    )
    if chosen is not None:
        words = f":material/block: {t('recipes.idle')} " if chosen in idle else ""
        st.caption(words + t(f"recipes.about.{chosen}"))


def _edit_step(steps: list[StepDraft], position: int, declared: StepInfo, teachers: Sequence[str]) -> None:
    step = steps[position]
    title, aside = st.columns([3, 1], vertical_alignment="center")
    buttons = aside.container(horizontal=True, horizontal_alignment="right")
    title.markdown(f"**{position + 1}. {plain(step_name(step.step))}**")
    for icon, verb, target in (
        ("arrow_upward", "up", position - 1),
        ("arrow_downward", "down", position + 1),
    ):
        buttons.button(
            "",
            icon=f":material/{icon}:",
            key=f"{icon}_{step.id}",
            help=t(f"recipes.{verb}"),
            disabled=not 0 <= target < len(steps),
            on_click=_swap,
            args=(steps, position, target),
            type="tertiary",
        )
    buttons.button(
        "",
        icon=":material/close:",
        key=f"close_{step.id}",
        help=t("recipes.remove_step"),
        on_click=_remove,
        args=(steps, position),
        type="tertiary",
    )
    step.values = parameter_inputs(
        step.step,
        declared.parameters,
        step.values,
        f"value_{step.id}",
        offers={"teacher": teachers, "model": teachers},
    )


def _add_recipe(drafts: list[RecipeDraft]) -> None:
    drafts.append(RecipeDraft(number()))


def _add_step(draft: RecipeDraft, key: str) -> None:
    draft.steps.append(StepDraft(number(), st.session_state[key]))


def _copy(drafts: list[RecipeDraft], place: int) -> None:
    drafts.insert(place + 1, draft_of(drafts[place].record()))


def _remove(drafts: list[Any], place: int) -> None:
    del drafts[place]


def _swap(steps: list[StepDraft], one: int, other: int) -> None:
    steps[one], steps[other] = steps[other], steps[one]
