"""What each stage of a recipe does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError, ErrorRecord, StoreError
from edgeslim.measurement.machine import busy
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.workbench.compress import measure
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
            dataset=workload.dataset,
            images=len(workload.evaluation),
        )
