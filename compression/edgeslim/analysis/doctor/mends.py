"""Recipes that leave out a cause: the file's own with one step changed, or a recipe to begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.records import Mend
from edgeslim.errors import EdgeSlimError
from edgeslim.recipe import Recipe
from edgeslim.steps import STEPS, Step
from edgeslim.steps.order import clash

STATIC, ROBUST = "static_int8", "robust_int8"
MILDER: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "channel_pruning": ("ratio", lambda ratio: round(ratio / 2, 3)),
    "magnitude_pruning": ("sparsity", lambda share: round(share - min(0.3, share / 2), 3)),
    "low_rank": ("keep", lambda keep: round((1 + keep) / 2, 3)),
    "low_bit_weights": ("bits", lambda bits: min(8, bits + 2)),
    "weight_clustering": ("values", lambda values: min(256, values * 4)),
}
"""Step → its strength, and a milder one: about half of what it took away."""


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


def with_other(recipe: Recipe, place: int, **values: Any) -> Mend | None:
    """The recipe with other parameters at that place; None where it would not be valid, or nothing changes."""
    try:
        return with_step(recipe, place, changed_step(recipe.steps[place], **values), values)
    except EdgeSlimError:
        return None


def milder(recipe: Recipe, place: int) -> Mend | None:
    """The recipe with less of the step at that place; None where no strength is known."""
    step = recipe.steps[place]
    if step.name not in MILDER:
        return None
    parameter, less = MILDER[step.name]
    return with_other(recipe, place, **{parameter: less(getattr(step, parameter))})


def left_out(recipe: Recipe, place: int) -> Mend | None:
    """The recipe without the step at that place; None where nothing would be left, or that would not be valid."""
    steps = (*recipe.steps[:place], *recipe.steps[place + 1 :])
    if not steps or clash(steps) is not None:
        return None
    return Mend(
        kind="recipe",
        recipe=Recipe(steps, recipe.seed).record(),
        values={"without": recipe.steps[place].name},
    )


def trains(step: Step) -> bool:
    return step.recovers or "train" in step.needs


def _mend(recipe: Recipe, step: str, changed: dict[str, Any]) -> Mend:
    """`step` and the parameters that change, for the sentence that says so."""
    plain = {
        name: value if isinstance(value, float | int | str) else str(value) for name, value in changed.items()
    }
    return Mend(kind="recipe", recipe=recipe.record(), values={"step": step, **plain})
