"""Recipes while they are built, and those that a file or an address brings."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from edgeslim import workbench
from edgeslim.errors import EdgeSlimError
from edgeslim.reading import parse_json
from edgeslim.records import RecipeRecord
from edgeslim.ui.components.problems import show
from edgeslim.ui.i18n import plain
from edgeslim.ui.state import t

_COUNTER, _LOADED = "edgeslim_recipe_counter", "edgeslim_recipes_loaded"


@dataclass(slots=True)
class StepDraft:
    """A step being set. `id` is given once in a session: widgets keep their values when steps change places."""

    id: int
    step: str
    values: dict[str, Any] = field(default_factory=dict)
    """Parameters by name, of whatever types the step declares."""

    def to_json(self) -> dict[str, Any]:
        return {"step": self.step, **self.values}


@dataclass(slots=True)
class RecipeDraft:
    """A recipe being built."""

    id: int
    name: str = ""
    steps: list[StepDraft] = field(default_factory=list)

    def record(self) -> RecipeRecord:
        return RecipeRecord(tuple(step.to_json() for step in self.steps), name=self.name)


def number() -> int:
    """A number never given before in this session."""
    counter: itertools.count[int] = st.session_state.setdefault(_COUNTER, itertools.count(1))
    return next(counter)


def load(drafts: list[RecipeDraft]) -> None:
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
    made = _read(given.getvalue(), given.name)
    if made is not None:
        # Any touch of session state may end this run for a newer one: all or nothing, and only once.
        drafts.extend(made)
        loaded.add(given.file_id)
        st.rerun()


def take_over(drafts: list[RecipeDraft]) -> None:
    """Recipes that the address brings, such as a lesson's: once, before those that are there."""
    given, loaded = st.query_params.get("recipes", ""), st.session_state.setdefault(_LOADED, set())
    if given and given not in loaded:
        made = _read(given.encode(), "recipes")
        if made is not None:
            drafts[:0] = made
            loaded.add(given)


def _read(content: bytes, name: str) -> list[RecipeDraft] | None:
    """One recipe, or a list of them; None if it is none, and why is shown."""
    try:
        found = parse_json(content)
        listed = found if isinstance(found, list) else [found]
        return [draft_of(workbench.read_recipe(recipe).record()) for recipe in listed]
    except EdgeSlimError as error:
        show(error.record())
    except ValueError:
        st.error(t("recipes.not_json", file=plain(name)))
    return None


def draft_of(recipe: RecipeRecord) -> RecipeDraft:
    steps = [
        StepDraft(number(), step["step"], {name: value for name, value in step.items() if name != "step"})
        for step in recipe.steps
    ]
    return RecipeDraft(number(), recipe.name, steps)
