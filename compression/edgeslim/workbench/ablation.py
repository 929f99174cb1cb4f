"""What each stage of a recipe does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim.artifacts.store import Store
from edgeslim.measurement.machine import busy
from edgeslim.progress import Progress, silent
from edgeslim.workbench.compress import measure
from edgeslim.workbench.workload import opened

if TYPE_CHECKING:
    from edgeslim.recipe import Recipe


def ablate(
    model: str | Path,
    dataset: str | Path,
    recipe: Recipe | Mapping[str, Any],
    *,
    orders: int | None = None,
    calibration: str | Path | None = None,
    spec: Mapping[str, Any] | None = None,
    limit: int | None = None,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Make and measure the recipe after every stage, without each stage, and in up to `orders` other sensible orders.

    Returns what `analysis.ablation.ablation` tells, with `model`, `dataset`, `images`, `metric` and `orders_limit`.
    Stages come from the store as far as they were made before; latency is measured at the end, alone. A variant that
    cannot be made is listed with its error. Raises EdgeSlimError for a recipe that cannot be run at all.
    """
    from edgeslim.analysis.ablation import ORDERS, ablation, plan
    from edgeslim.errors import EdgeSlimError, StoreError
    from edgeslim.measurement.measure import make_file
    from edgeslim.recipe import Recipe

    store = store or Store()
    whole = recipe if isinstance(recipe, Recipe) else Recipe.from_json(dict(recipe))
    with store.in_use():
        workload = opened(
            model, dataset, store, calibration=calibration, spec=spec, limit=limit, progress=progress
        )
        orders = ORDERS if orders is None else orders
        planned = plan(whole, orders)
        recipes = {
            variant.recipe.fingerprint(): variant.recipe for variant in planned.variants if variant.recipe
        }
        errors: dict[str, Any] = {}
        with busy(workload.model.name, progress) as report:
            for done, (fingerprint, variant) in enumerate(recipes.items()):
                report("ablation", done, len(recipes))
                try:
                    make_file(variant, workload, store, threads, report)
                except StoreError:
                    raise
                except EdgeSlimError as error:
                    if fingerprint == whole.fingerprint():
                        raise
                    errors[fingerprint] = error.to_json()
        made = [variant for fingerprint, variant in recipes.items() if fingerprint not in errors]
        trials = {
            trial["recipe_fingerprint"]: trial for trial in measure(made, workload, store, threads, progress)
        }
        return {
            "model": workload.model.name,
            "dataset": workload.dataset,
            "images": len(workload.evaluation),
            "metric": trials[whole.fingerprint()]["primary_metric"],
            "orders_limit": orders,
            **ablation(whole, planned, trials, errors, store),
        }
