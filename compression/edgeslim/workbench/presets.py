"""Ready-made recipe lists, cut to what a model and its data can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.errors import RecipeError
from edgeslim.studies.study import StudyPlan

if TYPE_CHECKING:
    import onnx

    from edgeslim.models.base import ModelSpec
    from edgeslim.recipe import Recipe
    from edgeslim.steps.base import Need
    from edgeslim.studies.preset import LeftOut


@dataclass(frozen=True, slots=True)
class FittingPreset:
    """A preset's recipes that can be run, and those that cannot."""

    name: str
    recipes: tuple[Recipe, ...]
    left_out: tuple[LeftOut, ...]


def list_presets(
    model: str | Path,
    dataset: str | Path,
    calibration: str | Path | None = None,
    *,
    spec: ModelSpec | None = None,
    store: Store | None = None,
) -> list[FittingPreset]:
    """Every preset, cut to what can be run: of some nothing may be left.

    A recipe is left out if it needs what is not there: 'calibration' images, a labelled 'train' split, a
    'loss' for the model's family, 'layers' to work on. Raises ModelError, DatasetError.
    """
    from edgeslim.studies.presets import PRESETS, fitting

    there = available_needs(model, dataset, calibration, spec=spec, store=store)
    graph = _graph(model, spec, store)
    cut = ((preset, *fitting(preset, there, graph)) for preset in PRESETS)
    return [FittingPreset(preset.name, tuple(recipes), tuple(left_out)) for preset, recipes, left_out in cut]


def recipes_lacking(
    plan: StudyPlan, recipes: Sequence[Recipe], store: Store | None = None
) -> tuple[LeftOut, ...]:
    """Which of the recipes could only fail, since they need what the plan's model and data do not have. Raises
    ModelError, DatasetError."""
    from edgeslim.studies.preset import lacking

    if not recipes:  # a search: nothing needs the model yet
        return ()
    there: frozenset[Need] = frozenset()
    if any(step.needs for recipe in recipes for step in recipe.steps):
        there = available_needs(plan.model, plan.dataset, plan.calibration, spec=plan.spec, store=store)
    return lacking(recipes, there, _graph(plan.model, plan.spec, store))


def idle_steps(
    model: str | Path, *, spec: ModelSpec | None = None, store: Store | None = None
) -> frozenset[str]:
    """Names of the steps that, set as they come, find nothing to do in this model. Raises ModelError."""
    from edgeslim.steps import STEPS
    from edgeslim.studies.preset import idle

    graph = _graph(model, spec, store)
    return frozenset(step.name for step in STEPS if idle(step(), graph))


def refuse_lacking(plan: StudyPlan, recipes: Sequence[Recipe], store: Store) -> None:
    """Raise RecipeError (recipes_lack) where none of the recipes has what it needs."""
    found = recipes_lacking(plan, recipes, store)
    if recipes and len(found) == len(recipes):
        needs = ", ".join(sorted({need for recipe in found for need in recipe.needs}))
        raise RecipeError("recipes_lack", needs=needs)


def preset_recipes(
    preset: str,
    model: str | Path,
    dataset: str | Path,
    calibration: str | Path | None = None,
    *,
    spec: ModelSpec | None = None,
    store: Store | None = None,
) -> list[Recipe]:
    """The recipes of a preset that fit. Raises RecipeError if none does, or if there is no such preset."""
    from edgeslim.studies.presets import PRESETS, fitting

    there = available_needs(model, dataset, calibration, spec=spec, store=store)
    recipes, left_out = fitting(PRESETS.get(preset), there, _graph(model, spec, store))
    if not recipes:
        needs = ", ".join(sorted({need for recipe in left_out for need in recipe.needs}))
        raise RecipeError("preset_does_not_fit", preset=preset, needs=needs)
    return recipes


def _graph(model: str | Path, spec: ModelSpec | None, store: Store | None) -> onnx.GraphProto:
    import onnx

    from edgeslim.models.library import open_model

    return onnx.load(open_model(model, store or Store(), spec).path).graph


def available_needs(
    model: str | Path,
    dataset: str | Path,
    calibration: str | Path | None = None,
    *,
    spec: ModelSpec | None = None,
    store: Store | None = None,
) -> frozenset[Need]:
    """What steps may ask for that this model and data have. A built-in dataset is not opened for that."""
    from edgeslim.datasets import DATASETS
    from edgeslim.models.library import open_model
    from edgeslim.tasks.base import loss_for
    from edgeslim.workbench.datasets import open_dataset

    store = store or Store()
    there: set[Need] = set()
    if loss_for(open_model(model, store, spec).spec) is not None:
        there.add("loss")
    if str(dataset) in DATASETS:
        splits, labelled = set(DATASETS.get(str(dataset)).sizes), True
    else:
        opened = open_dataset(dataset, store)
        splits, labelled = set(opened.splits), opened.has_labels
    if "train" in splits and labelled:
        there.add("train")
    if "calibration" in splits or calibration is not None:
        there.add("calibration")
    return frozenset(there)


def check_preset(name: str | None) -> None:
    """Raise EdgeSlimError (unknown_name) if there is no preset of that name; None is none."""
    from edgeslim.studies.presets import PRESETS

    if name is not None:
        PRESETS.get(name)
