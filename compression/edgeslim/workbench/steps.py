"""Steps, with their parameters and bounds, and recipes made of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim.errors import RecipeError
from edgeslim.reading import parse_json

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe


def list_steps() -> list[dict[str, Any]]:
    """Every step: name, group, summary, source, what it changes and needs, its parameters with bounds."""
    from edgeslim.steps import STEPS

    return [step.describe() for step in STEPS]


def check_recipe(data: Any) -> dict[str, Any]:
    """The recipe's complete JSON, with defaults, title and fingerprint. Raises EdgeSlimError."""
    from edgeslim.recipe import Recipe

    recipe = Recipe.from_json(data)
    return {**recipe.to_json(), "title": recipe.title, "fingerprint": recipe.fingerprint()}


def repaired_recipe(data: dict[str, Any]) -> dict[str, Any] | None:
    """The recipe's JSON with its steps in a sensible order, None if they have none. Raises EdgeSlimError."""
    from edgeslim.recipe import repaired

    return repaired(data)


def read_recipes(path: str | Path) -> list[Recipe]:
    """Recipes from a JSON file: one, a list, or {"recipes": […]}. Raises RecipeError naming the file."""
    from edgeslim.recipe import Recipe

    path = Path(path)
    try:
        data = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RecipeError(
            "recipe_file",
            f"'{path}' cannot be read as recipes: {reason}.",
            'Give a JSON file with a recipe, {"name": "…", "steps": […]}, or a list of them.',
            file=path,
            reason=reason,
        ) from error
    if isinstance(data, dict) and "recipes" in data:
        data = data["recipes"]
    return [Recipe.from_json(item) for item in (data if isinstance(data, list) else [data])]
