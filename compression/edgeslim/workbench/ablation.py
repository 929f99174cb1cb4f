"""What each stage of a recipe does: measured at once, or by a study of its own whose trials are the variants."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError, ErrorRecord, StoreError
from edgeslim.measurement.machine import busy
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.records import RecipeRecord
from edgeslim.studies.budget import Budget
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench.compress import measure
from edgeslim.workbench.datasets import resolve_dataset
from edgeslim.workbench.planning import reference
from edgeslim.workbench.steps import read_recipe
from edgeslim.workbench.studies import start_study
from edgeslim.workbench.workload import opened

if TYPE_CHECKING:
    from edgeslim.analysis.ablation import Ablation
    from edgeslim.recipe import Recipe


def ablate(
    model: str | Path,
    dataset: str | Path,
    recipe: Recipe,
    *,
    orders: int | None = None,
    calibration: str | Path | None = None,
    spec: ModelSpec | None = None,
    limit: int | None = None,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress = silent,
) -> Ablation:
    """Make and measure the recipe after every stage, without each stage, and in up to `orders` other sensible orders.

    Stages come from the store as far as they were made before; latency is measured at the end, alone. A variant that
    cannot be made is listed with its error. Raises EdgeSlimError for a recipe that cannot be run at all.
    """
    from edgeslim.analysis.ablation import ORDERS, ablation, plan
    from edgeslim.measurement.measure import make_file

    store = store or Store()
    with store.in_use():
        workload = opened(
            model, dataset, store, calibration=calibration, spec=spec, limit=limit, progress=progress
        )
        planned = plan(recipe, ORDERS if orders is None else orders)
        recipes = {
            variant.recipe.fingerprint(): variant.recipe for variant in planned.variants if variant.recipe
        }
        errors: dict[str, ErrorRecord] = {}
        with busy(workload.model.name, progress) as report:
            for done, (fingerprint, variant) in enumerate(recipes.items()):
                report("ablation", done, len(recipes))
                try:
                    make_file(variant, workload, store, threads, report)
                except StoreError:
                    raise
                except EdgeSlimError as error:
                    if fingerprint == recipe.fingerprint():
                        raise
                    errors[fingerprint] = error.record()
        made = [variant for fingerprint, variant in recipes.items() if fingerprint not in errors]
        measured = measure(made, workload, store, threads, progress)
        trials = {trial.recipe_fingerprint: trial for trial in measured}
        return ablation(
            planned,
            trials,
            errors,
            store,
            model=workload.model.name,
            dataset=workload.dataset,
            images=len(workload.evaluation),
        )


def ablation_name(plan: StudyPlan, recipe: RecipeRecord, store: Store | None = None) -> str:
    """The name of the study that takes a recipe apart, the same for the same model, images and recipe."""
    store = store or Store()
    decisive = [
        reference(plan.model),
        resolve_dataset(plan.dataset, store),
        None if plan.calibration is None else resolve_dataset(plan.calibration, store),
        None if plan.spec is None else plan.spec.to_json(),
        plan.limit,
        plan.held_out,
        list(plan.runtimes),
        read_recipe(recipe).fingerprint(),
    ]
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    stem = re.sub(r"[^a-z0-9._-]+", "-", Path(plan.model).stem.lower())[:40]
    return f"ablation-{stem}-{digest[:8]}"


def start_ablation(plan: StudyPlan, recipe: RecipeRecord, store: Store | None = None) -> str:
    """Measure a recipe after every stage, without each and in other orders, as a study of its own; returns its name.

    `plan` is that of the study which the recipe is from: the same model, images and runtimes. Raises EdgeSlimError,
    StudyError (study_exists) if it was started before.
    """
    from edgeslim.analysis.ablation import plan as planned

    name = ablation_name(plan, recipe, store)
    variants = planned(read_recipe(recipe)).variants
    asked = dataclasses.replace(plan, name=name, preset=None, seeds=1, budget=Budget())
    return start_study(asked, [each.recipe for each in variants if each.recipe is not None], store=store)


def stage_effects(study: StudyResult, recipe: RecipeRecord, store: Store | None = None) -> Ablation:
    """What the study's trials tell of the recipe's stages, as far as they are measured."""
    from edgeslim.analysis.ablation import ablation, plan

    measured = {trial.recipe_fingerprint: trial for trial in study.trials if trial.measured}
    errors = {trial.recipe_fingerprint: trial.error for trial in study.trials if trial.error is not None}
    return ablation(
        plan(read_recipe(recipe)),
        measured,
        errors,
        store or Store(),
        model=study.model,
        dataset=study.dataset,
        images=study.images or 0,
    )


def ablation_seconds(trial: TrialResult, *, made: bool) -> float | None:
    """An estimate of what `start_ablation` would compute, as `analysis.ablation.seconds` has it."""
    from edgeslim.analysis.ablation import plan, seconds

    return seconds(plan(read_recipe(trial.recipe)), trial, made)
