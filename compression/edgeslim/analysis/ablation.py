"""Stage ablation: the effect of each stage of a recipe, the recipe without it, and other orders of its stages.

This only plans and compares; the files are made and measured like any others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from edgeslim.analysis.results import PairedChange
from edgeslim.artifacts.store import Store
from edgeslim.errors import ErrorRecord, RecipeError
from edgeslim.metrics import resamples
from edgeslim.recipe import Recipe
from edgeslim.records import RecipeRecord
from edgeslim.studies import figures
from edgeslim.studies.trial import TrialResult

Order = tuple[int, ...]
"""Indices, in the recipe as given, of the steps of a variant, in its order."""
Kind = Literal["stage", "without", "order"]
LOOKED_AT = 5000
"""Maximum number of orders whose validity is checked, the nearest to the given one first."""
ORDERS = 6
"""Other orders that are measured, unless more are asked for."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A recipe to measure and compare with another one, `against`; `refused`: why there is no such recipe."""

    kind: Kind
    order: Order
    against: Order | None
    recipe: Recipe | None
    refused: ErrorRecord | None = None


@dataclass(frozen=True, slots=True)
class AblationPlan:
    """`sensible` counts the valid other orders among the `tried` ones; all were tried if `complete`.

    Of the sensible ones `limit` are taken.
    """

    recipe: Recipe
    variants: tuple[Variant, ...]
    limit: int
    sensible: int
    tried: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From one trial to another: of the primary metric, paired, and of every figure that both have, by its name."""

    primary: PairedChange | None
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredVariant:
    """Its change is against the recipe before (of stages: without the last step; else: the whole recipe as given).

    One that cannot be made has an error instead.
    """

    order: Order
    steps: tuple[str, ...]
    step: str | None
    """The step that a stage adds, or that is left out."""
    trial: TrialResult | None
    error: ErrorRecord | None
    change: Change | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """What each stage of a recipe does. The changes of all stages add up to `total`."""

    model: str
    dataset: str
    images: int
    metric: str | None
    title: str
    recipe: RecipeRecord
    stages: tuple[MeasuredVariant, ...]
    without: tuple[MeasuredVariant, ...]
    orders: tuple[MeasuredVariant, ...]
    orders_limit: int
    orders_sensible: int
    orders_tried: int
    orders_complete: bool
    """See AblationPlan."""
    total: Change | None


def plan(recipe: Recipe, orders: int = ORDERS) -> AblationPlan:
    """The prefixes (the empty one first), the recipe without each of its stages, up to `orders` sensible other orders.

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
    return AblationPlan(recipe, (*found, *others[:orders]), orders, len(others), tried, complete)


def ablation(
    planned: AblationPlan,
    trials: Mapping[str, TrialResult],
    errors: Mapping[str, ErrorRecord],
    store: Store,
    *,
    model: str,
    dataset: str,
    images: int,
) -> Ablation:
    """What was measured so far. `trials` and `errors` are by recipe fingerprint."""
    recipe = planned.recipe
    of = {
        variant.order: trials.get(variant.recipe.fingerprint())
        for variant in planned.variants
        if variant.recipe is not None and variant.kind != "order"
    }
    lines: dict[Kind, list[MeasuredVariant]] = {"stage": [], "without": [], "order": []}
    for variant in planned.variants:
        fingerprint = "" if variant.recipe is None else variant.recipe.fingerprint()
        trial = trials.get(fingerprint)
        before = None if variant.against is None else of.get(variant.against)
        lines[variant.kind].append(
            MeasuredVariant(
                order=variant.order,
                steps=tuple(recipe.steps[place].name for place in variant.order),
                step=_step(recipe, variant),
                trial=trial,
                error=variant.refused or errors.get(fingerprint),
                change=None if trial is None or before is None else change(before, trial, store),
            )
        )
    first, last = of[()], trials.get(recipe.fingerprint())
    return Ablation(
        model=model,
        dataset=dataset,
        images=images,
        metric=None if last is None else last.primary_metric,
        title=recipe.title,
        recipe=recipe.record(),
        stages=tuple(lines["stage"]),
        without=tuple(lines["without"]),
        orders=tuple(lines["order"]),
        orders_limit=planned.limit,
        orders_sensible=planned.sensible,
        orders_tried=planned.tried,
        orders_complete=planned.complete,
        total=None if first is None or last is None else change(first, last, store),
    )


def seconds(planned: AblationPlan, whole: TrialResult, made: bool) -> float | None:
    """An estimate of what the plan takes to compute, from the times that the whole recipe's trial took.

    Each stage counts as much as the same step did there, once for all variants that begin alike, and each file as much
    as its scoring. With `made` the stages of the given order are in the store. None where times are not known.
    """
    if whole.seconds is None or len(whole.stages) != len(planned.recipe.steps):
        return None
    took = [stage.seconds for stage in whole.stages]
    orders = {variant.order for variant in planned.variants if variant.recipe is not None}
    beginnings = {order[:k] for order in orders for k in range(1, len(order) + 1)}
    known = {tuple(range(k)) for k in range(1, len(took) + 1)} if made else set()
    scoring = max(0.0, whole.seconds - sum(took))
    return sum(took[beginning[-1]] for beginning in beginnings - known) + scoring * len(orders)


def change(before: TrialResult, after: TrialResult, store: Store) -> Change:
    """From one trial to another."""
    values = {each.name: (each.value(before), each.value(after)) for each in figures.axes()}
    return Change(
        primary=_paired(before, after, store),
        figures={
            name: new - old for name, (old, new) in values.items() if old is not None and new is not None
        },
    )


def _paired(before: TrialResult, after: TrialResult, store: Store) -> PairedChange | None:
    """Of the primary metric; None where one is not known, or they are different ones."""
    if before.resamples is None or after.resamples is None or before.primary_metric != after.primary_metric:
        return None
    old, new = resamples.load(store, before.resamples), resamples.load(store, after.resamples)
    if old is None or new is None:
        return None
    delta = new - old
    return PairedChange(delta=delta.value, ci95=delta.paired_ci95)


def _variant(recipe: Recipe, kind: Kind, order: Order, against: Order | None) -> Variant:
    try:
        made = Recipe(tuple(recipe.steps[place] for place in order), recipe.seed)
    except RecipeError as error:
        return Variant(kind, order, against, None, error.record())
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
