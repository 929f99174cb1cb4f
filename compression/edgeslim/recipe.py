"""A recipe: ordered steps and a seed. Order rules are checked before any compute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgeslim import params
from edgeslim.errors import RecipeError
from edgeslim.records import RecipeRecord
from edgeslim.steps import STEPS, Step, order

RENAMED = {("weight_clustering", "channels_per_palette"): "channels_per_codebook"}
"""(step, former name of a parameter) → its name now: recipes that were stored before must still be read."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to do to a model; empty is the baseline. `name` is for people and not in the fingerprint."""

    steps: tuple[Step, ...] = ()
    seed: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        order.check(self.steps)

    @property
    def title(self) -> str:
        """The given name, or the steps' names joined."""
        return self.name or " + ".join(step.name for step in self.steps) or "float32"

    def prefix(self, length: int) -> Recipe:
        """The first `length` steps, same seed."""
        return Recipe(self.steps[:length], self.seed)

    def fingerprint(self) -> str:
        """Hex digest of steps, parameters and seed."""
        canonical = json.dumps([self.seed, [step.to_json() for step in self.steps]], sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def record(self) -> RecipeRecord:
        """As it is kept."""
        return RecipeRecord(tuple(step.to_json() for step in self.steps), self.seed, self.name)

    def to_json(self) -> dict[str, Any]:
        return self.record().to_json()

    @staticmethod
    def from_json(data: Any) -> Recipe:
        """Read `{"name", "seed", "steps": [{"step", parameters…}]}`. Raises RecipeError or ParameterError."""
        if not isinstance(data, dict) or not isinstance(data.get("steps", []), list):
            raise RecipeError("malformed_recipe", detail="a recipe must be an object with a list 'steps'")
        unknown = sorted(set(data) - {"name", "seed", "steps"})
        if unknown:
            raise RecipeError("malformed_recipe", detail=f"'{unknown[0]}' is not a key of a recipe")
        seed = data.get("seed", 0)
        if type(seed) is not int or seed < 0:
            raise RecipeError(
                "malformed_recipe", detail=f"'seed' must be a whole number ≥ 0, got {seed!r} instead"
            )
        return Recipe(_steps_from_json(data), seed, str(data.get("name", "")))


def repaired(recipe: RecipeRecord) -> RecipeRecord | None:
    """A recipe with its steps in an order that makes sense, None if there is none. Raises ParameterError."""
    steps = order.repaired(_steps_from_json(recipe.to_json()))
    return None if steps is None else replace(recipe, steps=tuple(step.to_json() for step in steps))


def _steps_from_json(data: Mapping[str, Any]) -> tuple[Step, ...]:
    return tuple(_step_from_json(item) for item in data.get("steps", []))


def _step_from_json(item: Any) -> Step:
    if not isinstance(item, dict) or not isinstance(item.get("step"), str):
        raise RecipeError("malformed_recipe", detail="every step must be an object with a name under 'step'")
    cls = STEPS.get(item["step"])
    given = {str(RENAMED.get((cls.name, key), key)): value for key, value in item.items() if key != "step"}
    values = params.coerce(cls, given)
    return cls(**values)
