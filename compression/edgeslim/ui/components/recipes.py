"""Ready recipes, and recipes of one's own: steps to add, order, set and remove. Rules are checked while one builds."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from edgeslim import workbench
from edgeslim.errors import EdgeSlimError
from edgeslim.reading import parse_json
from edgeslim.recipe import Recipe
from edgeslim.ui.components.plan import preset_contents
from edgeslim.ui.components.problems import boundary, show
from edgeslim.ui.components.words import named, step_name
from edgeslim.ui.forms import parameter_inputs
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import linked, one_of, t

_STATE, _COUNTER, _LOADED = "edgeslim_recipes", "edgeslim_recipe_counter", "edgeslim_recipes_loaded"
Steps = Mapping[str, Mapping[str, Any]]
"""What `list_steps` gives, by name."""


def recipes_form(
    presets: Mapping[str, Mapping[str, Any]], steps: Sequence[Mapping[str, Any]], teachers: Sequence[str]
) -> dict[str, Any] | None:
    """`preset` and `recipes` for `start_study`; None as long as recipes of one's own cannot be run."""
    choices = [*presets, "own"]
    chosen = st.segmented_control(
        t("new.recipes"),
        choices,
        format_func=lambda key: named("preset", key),
        label_visibility="collapsed",
        required=True,
        **linked("preset", choices[0], one_of(choices)),
    )
    if chosen == "own":
        recipes, sound = recipe_editor(steps, teachers)
        return {"preset": None, "recipes": recipes} if sound else None
    st.markdown(named("preset.help", chosen))
    preset_contents(presets[chosen])
    return {"preset": chosen, "recipes": None}


def recipe_editor(
    steps: Sequence[Mapping[str, Any]], teachers: Sequence[str]
) -> tuple[list[dict[str, Any]], bool]:
    """The recipes as JSON, and whether all of them keep the rules. `teachers` are models to learn from."""
    known = {step["name"]: step for step in steps}
    drafts: list[dict[str, Any]] = st.session_state.setdefault(_STATE, [])
    recipes, sound = [], True
    for place, draft in enumerate(drafts):
        with st.container(border=True):
            recipe = _edit(draft, place, known, teachers)
            try:
                Recipe.from_json(recipe)
            except EdgeSlimError as error:
                show(error.record())
                if "repaired" in error.values:  # it is about the order
                    _repair(draft, recipe)
                sound = False
            recipes.append(recipe)
    with st.container(horizontal=True):
        st.button(
            t("recipes.add"), icon=":material/add:", key="add_recipe", on_click=_add_recipe, args=(drafts,)
        )
        with st.popover(t("recipes.load"), icon=":material/upload_file:"):
            _load(drafts)
    if not drafts:
        st.caption(t("recipes.empty"))
    return recipes, sound and bool(drafts) and all(recipe["steps"] for recipe in recipes)


def _repair(draft: dict[str, Any], recipe: dict[str, Any]) -> None:
    """Offer to put the steps in a sensible order, if they have one."""
    with boundary():
        repaired = workbench.repaired_recipe(recipe)
        if repaired is not None and repaired["steps"] != recipe["steps"]:
            st.button(
                t("recipes.use_order"),
                icon=":material/low_priority:",
                key=f"use_order_{draft['id']}",
                on_click=_use_order,
                args=(draft, repaired["steps"]),
            )


def _use_order(draft: dict[str, Any], wanted: Sequence[Mapping[str, Any]]) -> None:
    """Order the draft's steps as wanted; those not wanted go. What was set of them stays."""
    left = list(draft["steps"])
    ordered = []
    for step in wanted:
        values = {key: value for key, value in step.items() if key != "step"}
        same = [one for one in left if one["step"] == step["step"]]
        chosen = next((one for one in same if one["values"] == values), same[0])
        left.remove(chosen)
        ordered.append(chosen)
    draft["steps"][:] = ordered


def _edit(draft: dict[str, Any], place: int, known: Steps, teachers: Sequence[str]) -> dict[str, Any]:
    top, aside = st.columns([5, 1], vertical_alignment="bottom")
    buttons = aside.container(horizontal=True, horizontal_alignment="right")
    draft["name"] = top.text_input(
        t("recipes.name"),
        value=draft["name"],
        key=f"recipe_{draft['id']}_name",
        placeholder=" + ".join(step_name(step["step"]) for step in draft["steps"]) or t("recipes.no_steps"),
    )
    drafts = st.session_state[_STATE]
    buttons.button(
        "",
        icon=":material/content_copy:",
        key=f"copy_{draft['id']}",
        help=t("recipes.copy"),
        on_click=_copy,
        args=(drafts, place),
    )
    buttons.button(
        "",
        icon=":material/delete:",
        key=f"delete_{draft['id']}",
        help=t("recipes.remove"),
        on_click=drafts.pop,
        args=(place,),
    )
    for position, step in enumerate(draft["steps"]):
        _edit_step(draft, position, step, known[step["step"]], teachers)
    line = st.columns([4, 2, 4], vertical_alignment="bottom")
    chosen = line[0].selectbox(
        t("recipes.step"),
        list(known),
        format_func=lambda name: f"{step_name(name)} · {named('group', known[name]['group'])}",
        key=f"step_of_{draft['id']}",
        label_visibility="collapsed",
    )
    line[1].button(
        t("recipes.add_step"),
        key=f"add_step_{draft['id']}",
        on_click=_add_step,
        args=(draft, f"step_of_{draft['id']}"),
        disabled=chosen is None,
    )
    return {
        "name": draft["name"],
        "seed": 0,
        "steps": [{"step": step["step"], **step["values"]} for step in draft["steps"]],
    }


def _edit_step(
    draft: dict[str, Any],
    position: int,
    step: dict[str, Any],
    declared: Mapping[str, Any],
    teachers: Sequence[str],
) -> None:
    title, aside = st.columns([3, 1], vertical_alignment="center")
    buttons = aside.container(horizontal=True, horizontal_alignment="right")
    title.markdown(f"**{position + 1}. {plain(step_name(step['step']))}**")
    steps = draft["steps"]
    for icon, verb, target in (
        ("arrow_upward", "up", position - 1),
        ("arrow_downward", "down", position + 1),
    ):
        buttons.button(
            "",
            icon=f":material/{icon}:",
            key=f"{icon}_{step['id']}",
            help=t(f"recipes.{verb}"),
            disabled=not 0 <= target < len(steps),
            on_click=_swap,
            args=(steps, position, target),
            type="tertiary",
        )
    buttons.button(
        "",
        icon=":material/close:",
        key=f"close_{step['id']}",
        help=t("recipes.remove_step"),
        on_click=steps.pop,
        args=(position,),
        type="tertiary",
    )
    step["values"] = parameter_inputs(
        step["step"],
        declared["parameters"],
        step["values"],
        f"value_{step['id']}",
        offers={"teacher": teachers},
    )


def _number() -> int:
    """A number never given before in this session: widgets keep their values when steps change places."""
    counter: itertools.count[int] = st.session_state.setdefault(_COUNTER, itertools.count(1))
    return next(counter)


def _add_recipe(drafts: list[dict[str, Any]]) -> None:
    drafts.append({"id": _number(), "name": "", "steps": []})


def _add_step(draft: dict[str, Any], key: str) -> None:
    draft["steps"].append({"id": _number(), "step": st.session_state[key], "values": {}})


def _copy(drafts: list[dict[str, Any]], place: int) -> None:
    source = drafts[place]
    steps = [{**step, "id": _number(), "values": dict(step["values"])} for step in source["steps"]]
    drafts.insert(place + 1, {"id": _number(), "name": source["name"], "steps": steps})


def _swap(steps: list[Any], one: int, other: int) -> None:
    steps[one], steps[other] = steps[other], steps[one]


def _load(drafts: list[dict[str, Any]]) -> None:
    """Recipes from a file: one recipe, or a list of them."""
    given = st.file_uploader(
        t("recipes.load"),
        type=["json"],
        key="recipes_file",
        help=t("recipes.load_help"),
        max_upload_size=1,
    )
    loaded: set[str] = st.session_state.setdefault(_LOADED, set())
    if given is None or given.file_id in loaded:
        return
    try:
        data = parse_json(given.getvalue())
        read = [Recipe.from_json(recipe).to_json() for recipe in (data if isinstance(data, list) else [data])]
        made = [_draft(recipe) for recipe in read]
    except EdgeSlimError as error:
        show(error.record())
    except ValueError:
        st.error(t("recipes.not_json", file=plain(given.name)))
    else:
        # Any touch of session state may end this run for a newer one: all or nothing, and only once.
        drafts.extend(made)
        loaded.add(given.file_id)
        st.rerun()


def _draft(recipe: Mapping[str, Any]) -> dict[str, Any]:
    steps = [
        {
            "id": _number(),
            "step": step["step"],
            "values": {key: value for key, value in step.items() if key != "step"},
        }
        for step in recipe["steps"]
    ]
    return {"id": _number(), "name": recipe["name"], "steps": steps}
