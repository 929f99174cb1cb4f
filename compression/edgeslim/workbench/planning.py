"""A study's plan in the making: its trials, its name, what to call the model in it, and how long it will take."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.errors import DatasetError, StoreError, StudyError
from edgeslim.jobs.supervisor import load
from edgeslim.measurement.machine import cores
from edgeslim.studies.estimate import Estimate, FormerCheck, StepCosts, Workplace, estimated
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.storage import PlannedTrial, names, taken
from edgeslim.studies.study import StudyPlan
from edgeslim.workbench.samples import sample_study

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
    from edgeslim.models.library import is_file

    return str(Path(model).expanduser().absolute()) if is_file(model) else str(model)


def free_name(store: Store, wanted: str) -> str:
    """A study name made from `wanted`, numbered if it is taken. Raises StoreError."""
    stem = re.sub(r"[^a-z0-9._-]+", "-", wanted.lower()).strip("-._")[-70:].lstrip("-._") or "study"
    used = taken(store)
    numbered = (f"{stem}-{number}" for number in range(2, len(used) + 3))
    return next(name for name in (stem, *numbered) if name not in used)


_LATEST = 8
"""So many of the user's own studies are asked what steps took."""
_IMAGE_SECONDS = {"detection": 0.015, "classification": 0.0005}
"""Preparing an image and scoring what is said of it."""
_PASSES = 5


def estimate(plan: StudyPlan, recipes: Sequence[Recipe] = (), store: Store | None = None) -> Estimate:
    """How long the study will take on this machine if nothing else runs, as a range in seconds.

    The recipes are those given, or those of the plan's preset, which need not be complete. Steps are taken to last as in
    earlier studies, scaled by one pass through the original, which is timed here; downloading a model and drawing or
    unpacking images for the first time are not in it. Raises EdgeSlimError where model or data cannot be opened.
    """
    from edgeslim.datasets.held_out import HELD_OUT_SHARE
    from edgeslim.models.library import open_model
    from edgeslim.studies.presets import PRESETS
    from edgeslim.workbench.datasets import describe_dataset, list_datasets
    from edgeslim.workbench.presets import preset_recipes

    store = store or Store()
    model = open_model(plan.model, store, plan.spec)
    if plan.preset is not None and not recipes:
        recipes = preset_recipes(
            plan.preset, plan.model, plan.dataset, plan.calibration, spec=plan.spec, store=store
        )
    listed = {name: each.sizes for each in list_datasets(store) for name in (each.name, each.path) if name}
    sizes = listed.get(plan.dataset) or describe_dataset(plan.dataset, store).sizes
    images = sizes.get("validation", 0)
    images = images if plan.limit is None else min(images, plan.limit)
    apart = round(images * (HELD_OUT_SHARE if plan.held_out is None else plan.held_out))
    former = former_check(plan, recipes, store)
    place = Workplace(
        model=model.name,
        params=_params(str(model.path), model.sha256),
        pass_seconds=_pass_seconds(str(model.path), model.sha256),
        image_seconds=_IMAGE_SECONDS[model.spec.task],
        images=images - apart,
        held_out=apart,
        workers=plan.workers or cores(),
        minutes=plan.minutes or (None if plan.preset is None else PRESETS.get(plan.preset).minutes),
        former=0 if former is None else former.images * (former.recipes + 1),
    )
    records = [trial.recipe for trial in planned(repeated(recipes, plan.seeds))[1:]]
    return dataclasses.replace(estimated(records, _costs(store), place), former=former)


def former_check(
    plan: StudyPlan, recipes: Sequence[Recipe] = (), store: Store | None = None, *, searching: bool = False
) -> FormerCheck | None:
    """What recipes that learn from labels will be scored on besides: the data that the model had learnt from.

    None where none of the recipes (those given, or those of the plan's preset) does and no search is to find others,
    or where the model's own data are not known, not here, or the plan's. Raises EdgeSlimError where model or data cannot
    be opened.
    """
    from edgeslim.measurement.former_data import FORMER_IMAGES, learns_labels, learnt_from
    from edgeslim.models.library import open_model
    from edgeslim.workbench.datasets import describe_dataset, list_datasets, resolve_dataset
    from edgeslim.workbench.presets import preset_recipes

    store = store or Store()
    former = learnt_from(open_model(plan.model, store, plan.spec), store)
    if former is None or former == resolve_dataset(plan.dataset, store):
        return None
    if plan.preset is not None and not recipes:
        recipes = preset_recipes(
            plan.preset, plan.model, plan.dataset, plan.calibration, spec=plan.spec, store=store
        )
    count = plan.seeds * sum(map(learns_labels, recipes))
    if not count and not searching:
        return None
    listed = (each for each in list_datasets(store) if former in (each.name, each.path))
    try:
        found = next(listed, None) or describe_dataset(former, store)
    except DatasetError:
        return None
    images = min(FORMER_IMAGES, found.sizes.get("validation", 0))
    return FormerCheck(dataset=found.name, images=images, recipes=count)


def _costs(store: Store) -> StepCosts:
    """From the sample study, and the latest of the user's own."""
    studies = [published] if (published := sample_study()) is not None else []
    for name in sorted(names(store))[-_LATEST:]:
        with suppress(StudyError, StoreError):
            studies.append(load(store, name))
    return StepCosts.of(studies)


@lru_cache(maxsize=32)
def _params(path: str, sha256: str) -> int:
    from edgeslim.metrics.counts import counts

    return counts(Path(path)).params


@lru_cache(maxsize=32)
def _pass_seconds(path: str, sha256: str) -> float:
    """The quickest of some passes through the model, on one thread: processor time, which other work does not add to."""
    import numpy as np

    from edgeslim.runtime import ONNXRUNTIME

    session = ONNXRUNTIME.open(Path(path))
    image = session.inputs[0]
    values = np.zeros(image.fixed_shape, image.dtype)
    session.run(values)
    taken = []
    for _ in range(_PASSES):
        began = time.thread_time()
        session.run(values)
        taken.append(time.thread_time() - began)
    return min(taken)
