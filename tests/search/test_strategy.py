"""Shapes and storages apart and together: what is predicted, promised and remembered."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.recipe import Recipe
from edgeslim.records import RecipeRecord, Sizes
from edgeslim.search.evaluator import ObjectiveEvaluator
from edgeslim.search.space import space_of
from edgeslim.search.strategy import Factored, Whole, parts
from edgeslim.studies.budget import Budget
from edgeslim.studies.trial import TrialResult

SPACE = space_of(["channel_pruning", "fine_tuning", "static_int8", "float16"])
SHAPE = {"step": "channel_pruning", "ratio": 0.3}
TUNED = {"step": "fine_tuning", "steps": 200}
INT8 = {"step": "static_int8"}


def recipe(*steps: dict[str, Any], name: str = "") -> Recipe:
    return Recipe.from_json({"name": name, "steps": list(steps)})


def low_bits(bits: int) -> Recipe:
    return recipe({"step": "low_bit_weights", "bits": bits})


def judge(**budget: Any) -> ObjectiveEvaluator:
    original = TrialResult(
        number=0,
        state="complete",
        recipe=RecipeRecord(),
        title="",
        recipe_fingerprint="",
        model="m",
        sizes=Sizes(file=1200, download=1000),
        accuracy={"mAP": 0.8},
        primary_metric="mAP",
        macs=100,
    )
    return ObjectiveEvaluator(original, ("accuracy", "download"), Budget.of(**budget))


def values(accuracy: float, download: float, **more: float) -> dict[str, float]:
    return {"accuracy": accuracy, "download": download, **more}


def measured(made: ObjectiveEvaluator) -> Factored:
    """A strategy that knows one shape and one storage."""
    strategy = Factored(SPACE, "random", 0, (), made)
    for each, found in (
        (recipe(SHAPE, TUNED), values(0.76, 600, latency_ratio=0.7)),
        (recipe(INT8), values(0.79, 280, latency_ratio=0.5)),
    ):
        strategy.claim(each)
        strategy.tell(each, found, full=True)
    return strategy


def test_a_recipe_has_a_shape_and_a_storage():
    shape, storage = parts(recipe(SHAPE, TUNED, INT8))
    assert [step.name for step in shape.steps] == ["channel_pruning", "fine_tuning"]
    assert [step.name for step in storage.steps] == ["static_int8"]
    named = recipe(INT8, name="int8")
    assert parts(named) == (Recipe(), named), "what is one part only keeps its name"
    assert parts(recipe(SHAPE)) == (recipe(SHAPE), Recipe())


def test_costs_multiply_and_losses_add_up():
    together = judge().together(values(0.76, 600, latency_ratio=0.7), values(0.79, 280, latency_ratio=0.5))
    assert together == pytest.approx({"accuracy": 0.75, "download": 168, "latency_ratio": 0.35})


def test_what_promises_most_is_combined_once():
    strategy = measured(judge())
    both = strategy.combination([], lambda _: True)
    assert both is not None
    assert [step.name for step in both.steps] == ["channel_pruning", "fine_tuning", "static_int8"]
    assert strategy.combination([], lambda _: True) is None


def test_a_combination_that_promises_nothing_new_is_left():
    made = judge()
    front = [made.gains(values(0.77, 150))]
    assert measured(made).combination(front, lambda _: True) is None
    assert measured(made).combination([], lambda _: False) is None, "there is no time for it"


def test_what_lies_between_two_that_differ_in_one_number_is_promising():
    made = judge(download=200)
    strategy = Factored(SPACE, "random", 0, (), made)
    for bits, accuracy, download in ((4, 0.79, 250), (2, 0.6, 110)):
        strategy.claim(low_bits(bits))
        strategy.tell(low_bits(bits), values(accuracy, download), full=True)
    known = [made.gains(values(0.6, 110))]
    assert strategy.combination(known, lambda _: True) == low_bits(3)


def test_near_a_limit_the_better_quality_is_worth_it_though_it_adds_no_volume():
    made = judge(download=200)
    strategy = Factored(SPACE, "random", 0, (), made)
    for bits, accuracy, download in ((4, 0.79, 250), (2, 0.7, 158)):
        strategy.claim(low_bits(bits))
        strategy.tell(low_bits(bits), values(accuracy, download), full=True)
    known = [made.gains(values(0.7, 158)), made.gains(values(0.69, 40))]
    assert strategy.combination(known, lambda _: True) == low_bits(3)
    known.append(made.gains(values(0.745, 199.9)))
    assert strategy.combination(known, lambda _: True) is None


def test_as_much_is_new_as_lies_between_others():
    made = judge()
    strategy = Factored(SPACE, "random", 0, (), made)
    for bits, accuracy, download in ((8, 0.795, 270), (5, 0.78, 170), (2, 0.6, 80)):
        strategy.claim(low_bits(bits))
        strategy.tell(low_bits(bits), values(accuracy, download), full=True)
    first = strategy.combination([], lambda _: True)
    assert first in (low_bits(6), low_bits(4))
    assert strategy.combination([], lambda _: True) is None
    strategy.next()
    second = strategy.combination([], lambda _: True)
    assert {first, second} == {low_bits(6), low_bits(4)}


def test_a_combination_that_would_break_the_budget_is_left():
    assert measured(judge(download=160)).combination([], lambda _: True) is None
    assert measured(judge(download=170, latency_ratio=0.4)).combination([], lambda _: True) is not None


def test_cheap_measurements_promise_nothing():
    strategy = Factored(SPACE, "random", 0, (), judge())
    strategy.claim(recipe(SHAPE, TUNED))
    strategy.tell(recipe(SHAPE, TUNED), values(0.7, 600), full=False)
    strategy.claim(recipe(INT8))
    strategy.tell(recipe(INT8), values(0.79, 280), full=True)
    assert strategy.combination([], lambda _: True) is None


def test_a_shape_misses_a_limit_by_no_more_than_with_the_storage_that_suits_it():
    made = judge(download=200)
    alone = Factored(SPACE, "random", 0, (), made)
    assert alone.standing(recipe(SHAPE), values(0.7, 600)).miss == pytest.approx(2.0)
    assert measured(made).standing(recipe(SHAPE), values(0.7, 600)).miss == 0.0


def test_shapes_compete_with_shapes_and_storages_with_storages():
    strategy = Factored(SPACE, "random", 0, (), judge())
    assert strategy.kind(recipe(SHAPE)) == strategy.kind(recipe(SHAPE, TUNED)) != strategy.kind(recipe(INT8))
    whole = Whole(SPACE, "random", 0, (), judge())
    assert whole.kind(recipe(SHAPE)) == whole.kind(recipe(INT8))


def test_the_parts_of_ready_recipes_come_first():
    strategy = Factored(SPACE, "nsga2", 0, [recipe(SHAPE, TUNED, INT8)], judge())
    strategy.claim(Recipe())
    first = [strategy.next() for _ in range(8)]
    assert recipe(INT8) in first
    assert recipe(SHAPE, TUNED) in first
    assert all(each is None or not all(part.steps for part in parts(each)) for each in first)


def test_whole_recipes_are_not_combined():
    strategy = Whole(SPACE, "random", 0, (), judge())
    found = [strategy.next() for _ in range(30)]
    assert any(each is not None and all(part.steps for part in parts(each)) for each in found)
    assert strategy.combination([(1.0, 1.0)], lambda _: True) is None
