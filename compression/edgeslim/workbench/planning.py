"""A study's plan in the making: its trials, its name, and what to call the model in it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.storage import PlannedTrial, taken

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe


def repeated(recipes: Iterable[Recipe], seeds: int) -> list[Recipe]:
    """Every recipe with `seeds` seeds, from its own on."""
    return [
        dataclasses.replace(recipe, seed=recipe.seed + more) for recipe in recipes for more in range(seeds)
    ]


def planned(recipes: Iterable[Recipe]) -> list[PlannedTrial]:
    """The baseline, then the recipes, each once."""
    from edgeslim.recipe import Recipe

    once = {
        recipe.fingerprint(): recipe for recipe in (Recipe(), *recipes) if recipe.steps or not recipe.seed
    }
    return [
        PlannedTrial(recipe.record(), _title(recipe), fingerprint) for fingerprint, recipe in once.items()
    ]


def kind_of(search: SearchRun | None, preset: str | None) -> str:
    """What sort of study it is, for its name."""
    return search.sampler if search is not None else preset or "recipes"


def _title(recipe: Recipe) -> str:
    """The recipe's title, with its seed if that is not the usual one."""
    return f"{recipe.title} · seed {recipe.seed}" if recipe.seed else recipe.title


def reference(model: str | Path) -> str:
    """A name as it is, a path made absolute: the study's process runs elsewhere."""
    path = Path(model).expanduser()
    return str(path.absolute()) if path.suffix.lower() == ".onnx" or len(path.parts) > 1 else str(model)


def free_name(store: Store, wanted: str) -> str:
    """A study name made from `wanted`, numbered if it is taken. Raises StoreError."""
    stem = re.sub(r"[^a-z0-9._-]+", "-", wanted.lower()).strip("-._")[-70:].lstrip("-._") or "study"
    used = taken(store)
    numbered = (f"{stem}-{number}" for number in range(2, len(used) + 3))
    return next(name for name in (stem, *numbered) if name not in used)
