"""Recipes that leave out a cause: the file's own with one step changed, or a recipe to begin with."""

from __future__ import annotations

from typing import Any

from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.records import Mend
from edgeslim.recipe import Recipe
from edgeslim.steps import STEPS, Step

STATIC, ROBUST = "static_int8", "robust_int8"


def static_int8(case: Case, **changed: Any) -> Mend | None:
    """The file's static_int8 with other parameters; of a file whose recipe is not known one that begins with it.

    None where the file was made by another step.
    """
    step = STEPS.get(STATIC)
    if case.recipe is None:
        return _mend(Recipe((step(**changed),)), STATIC, changed)
    place = place_of(case.recipe, STATIC)
    if place is None:
        return None
    changed = {
        name: value for name, value in changed.items() if getattr(case.recipe.steps[place], name) != value
    }
    return with_step(case.recipe, place, changed_step(case.recipe.steps[place], **changed), changed)


def robust_int8(case: Case) -> Mend | None:
    """robust_int8 in place of static_int8: it finds the layers that must stay float."""
    step = STEPS.get(ROBUST)()
    if case.recipe is None:
        return _mend(Recipe((step,)), ROBUST, {})
    place = place_of(case.recipe, STATIC)
    return None if place is None else with_step(case.recipe, place, step, {})


def changed_step(step: Step, **values: Any) -> Step:
    """Raises ParameterError for a value out of bounds."""
    given = {name: value for name, value in step.to_json().items() if name != "step"}
    return type(step)(**given | values)


def place_of(recipe: Recipe, name: str) -> int | None:
    """Of the last step of that name."""
    places = [place for place, step in enumerate(recipe.steps) if step.name == name]
    return places[-1] if places else None


def with_step(recipe: Recipe, place: int, step: Step, changed: dict[str, Any]) -> Mend | None:
    """The recipe with another step at that place; None if nothing changes."""
    if step == recipe.steps[place]:
        return None
    steps = (*recipe.steps[:place], step, *recipe.steps[place + 1 :])
    return _mend(Recipe(steps, recipe.seed), step.name, changed)


def _mend(recipe: Recipe, step: str, changed: dict[str, Any]) -> Mend:
    """`step` and the parameters that change, for the sentence that says so."""
    plain = {
        name: value if isinstance(value, float | int | str) else str(value) for name, value in changed.items()
    }
    return Mend(kind="recipe", recipe=recipe.record(), values={"step": step, **plain})
