"""Steps, with their parameters and bounds, and recipes made of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim.errors import RecipeError
from edgeslim.reading import parse_json
from edgeslim.records import RecipeRecord

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe
    from edgeslim.steps.base import StepInfo


def list_steps() -> list[StepInfo]:
    """Every step: name, group, summary, source, what it changes and needs, its parameters with bounds."""
    from edgeslim.steps import STEPS

    return [step.describe() for step in STEPS]


def step_amounts() -> dict[str, tuple[str, str]]:
    """Name and unit of the number that says how much a step does, for the steps that a search varies by one."""
    found: dict[str, tuple[str, str]] = {}
    for step in list_steps():
        for parameter in step.parameters:
            if parameter.search is not None and parameter.type in (int, float):
                found.setdefault(step.name, (parameter.name, parameter.unit))
    return found


def read_recipe(data: Any) -> Recipe:
    """A recipe from what a file, a form or a record holds. Raises EdgeSlimError where it is none."""
    from edgeslim.recipe import Recipe

    return Recipe.from_json(data.to_json() if isinstance(data, RecipeRecord) else data)


def repaired_recipe(recipe: RecipeRecord) -> RecipeRecord | None:
    """The recipe with its steps in a sensible order, None if they have none. Raises EdgeSlimError."""
    from edgeslim.recipe import repaired

    return repaired(recipe)


def read_recipes(path: str | Path) -> list[Recipe]:
    """Recipes from a JSON file: one, a list, or {"recipes": […]}. Raises RecipeError naming the file."""
    path = Path(path)
    try:
        data = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RecipeError("recipe_file", file=path, reason=reason) from error
    if isinstance(data, dict) and "recipes" in data:
        data = data["recipes"]
    return [read_recipe(item) for item in (data if isinstance(data, list) else [data])]
