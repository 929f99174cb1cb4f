"""Stage ablation: the effect of each stage of a recipe, the recipe without it, and other orders of its stages.

This only plans and compares; the files are made and measured like any others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from edgeslim.artifacts.store import Store
from edgeslim.errors import RecipeError
from edgeslim.metrics import resamples
from edgeslim.recipe import Recipe

Order = tuple[int, ...]
"""Indices, in the recipe as given, of the steps of a variant, in its order."""
Kind = Literal["stage", "without", "order"]
LOOKED_AT = 5000
"""Maximum number of orders whose validity is checked, the nearest to the given one first."""
ORDERS = 6
"""Default number of other orders that are measured."""
FIGURES = {
    "download": "sizes.download",
    "file": "sizes.file",
    "entropy_bound": "sizes.entropy_bound",
    "params": "params",
    "nonzero": "nonzero",
    "macs": "macs",
    "latency_ms": "latency.median_ms",
}
"""Figures of which changes are reported besides the primary metric → their place in a trial's JSON."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A recipe to measure and compare with another one, `against`; `refused`: why there is no such recipe."""

    kind: Kind
    order: Order
    against: Order | None
    recipe: Recipe | None
    refused: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AblationPlan:
    """`sensible` counts the valid other orders among the `tried` ones; all were tried if `complete`."""

    variants: tuple[Variant, ...]
    sensible: int
    tried: int
    complete: bool


def plan(recipe: Recipe, orders: int = ORDERS) -> AblationPlan:
    """The prefixes (the empty one first), the recipe without each of its stages, and up to `orders` valid other orders.

    Orders are taken by the number of swaps of neighbours. A recipe that is invalid without a stage is listed as refused.
    """
    count = len(recipe.steps)
    whole = tuple(range(count))
    found = [_variant(recipe, "stage", whole[:k], whole[: k - 1] if k else None) for k in range(count + 1)]
    found += [_variant(recipe, "without", (*whole[:k], *whole[k + 1 :]), whole) for k in whole]
    known = {recipe.fingerprint()}
    others: list[Variant] = []
    tried = 0
    arranged = _nearest_orders(count)
    for order in islice(arranged, LOOKED_AT):
        tried += 1
        other = _variant(recipe, "order", order, whole)
        if other.recipe is not None and other.recipe.fingerprint() not in known:
            known.add(other.recipe.fingerprint())
            others.append(other)
    complete = next(arranged, None) is None
    return AblationPlan((*found, *others[:orders]), len(others), tried, complete)


def ablation(
    recipe: Recipe,
    planned: AblationPlan,
    trials: Mapping[str, Mapping[str, Any]],
    errors: Mapping[str, Mapping[str, Any]],
    store: Store,
) -> dict[str, Any]:
    """What was measured, as plain data. `trials` and `errors` are by recipe fingerprint.

    `stages`, `without`, `orders`: [{order, steps, step, trial, error, change}]; `change` is against the recipe before
    (stages: without the last step; else: the whole recipe as given) and holds `primary` {delta, ci95}, paired on the
    same images, and differences of `FIGURES`. The changes of all stages add up to `total`.
    """
    of = {
        variant.order: trials.get(variant.recipe.fingerprint())
        for variant in planned.variants
        if variant.recipe is not None and variant.kind != "order"
    }
    lines: dict[Kind, list[dict[str, Any]]] = {"stage": [], "without": [], "order": []}
    for variant in planned.variants:
        fingerprint = None if variant.recipe is None else variant.recipe.fingerprint()
        trial = None if fingerprint is None else trials.get(fingerprint)
        before = None if variant.against is None else of.get(variant.against)
        lines[variant.kind].append(
            {
                "order": list(variant.order),
                "steps": [recipe.steps[place].name for place in variant.order],
                "step": _step(recipe, variant),
                "trial": trial,
                "error": variant.refused or (errors.get(fingerprint) if fingerprint else None),
                "change": None if trial is None or before is None else change(before, trial, store),
            }
        )
    first, last = of[()], of[tuple(range(len(recipe.steps)))]
    return {
        "recipe": {**recipe.to_json(), "title": recipe.title},
        "stages": lines["stage"],
        "without": lines["without"],
        "orders": lines["order"],
        "orders_sensible": planned.sensible,
        "orders_tried": planned.tried,
        "orders_complete": planned.complete,
        "total": None if first is None or last is None else change(first, last, store),
    }


def change(before: Mapping[str, Any], after: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """From one trial's JSON to another's: `primary` {metric, delta, ci95}, paired, and the differences of FIGURES."""
    found: dict[str, Any] = {"primary": _paired(before, after, store)}
    for name, path in FIGURES.items():
        values = _look_up(before, path), _look_up(after, path)
        found[name] = None if None in values else values[1] - values[0]
    return found


def _paired(before: Mapping[str, Any], after: Mapping[str, Any], store: Store) -> dict[str, Any] | None:
    keys = before.get("resamples"), after.get("resamples")
    if None in keys or before["primary_metric"] != after["primary_metric"]:
        return None
    figures = [resamples.load(store, str(key)) for key in keys]
    if figures[0] is None or figures[1] is None:
        return None
    delta = figures[1] - figures[0]
    return {"metric": after["primary_metric"], "delta": delta.value, "ci95": delta.paired_ci95}


def _variant(recipe: Recipe, kind: Kind, order: Order, against: Order | None) -> Variant:
    try:
        made = Recipe(tuple(recipe.steps[place] for place in order), recipe.seed)
    except RecipeError as error:
        return Variant(kind, order, against, None, error.to_json())
    return Variant(kind, order, against, made)


def _nearest_orders(count: int) -> Iterator[Order]:
    """All permutations of `count` things except the identity, by number of swaps of neighbours."""
    level: Sequence[Order] = [tuple(range(count))]
    seen = set(level)
    while level:
        following: dict[Order, None] = {}
        for order in level:
            for place in range(count - 1):
                swapped = (*order[:place], order[place + 1], order[place], *order[place + 2 :])
                if swapped not in seen:
                    seen.add(swapped)
                    following[swapped] = None
        yield from following
        level = list(following)


def _step(recipe: Recipe, variant: Variant) -> str | None:
    """Name of the step that a stage adds, or that is left out."""
    if variant.kind == "stage":
        return recipe.steps[variant.order[-1]].name if variant.order else None
    if variant.kind == "without":
        (gone,) = set(range(len(recipe.steps))) - set(variant.order)
        return recipe.steps[gone].name
    return None


def _look_up(trial: Mapping[str, Any], path: str) -> Any:
    found: Any = trial
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
