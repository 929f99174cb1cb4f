"""Which recipes are neighbours, and what lies between them."""

from __future__ import annotations

from typing import Any

from edgeslim.recipe import Recipe
from edgeslim.search.neighbours import Neighbours

SHAPE = {"step": "channel_pruning", "ratio": 0.3}


def recipe(*steps: dict[str, Any]) -> Recipe:
    return Recipe.from_json({"name": "", "steps": list(steps)})


def low_bits(bits: int, **parameters: Any) -> dict[str, Any]:
    return {"step": "low_bit_weights", "bits": bits, **parameters}


def between(*recipes: Recipe) -> list[tuple[Recipe, int]]:
    """What the last of the recipes finds halfway to the others, with their places."""
    known: Neighbours[int] = Neighbours()
    found: list[tuple[Recipe, int]] = []
    for place, each in enumerate(recipes):
        found = list(known.add(each, place))
    return found


def test_halfway_lies_the_mean_or_of_what_is_searched_on_a_logarithm_the_geometric_mean():
    assert between(recipe(low_bits(2)), recipe(low_bits(6))) == [(recipe(low_bits(4)), 0)]
    tuned = [recipe(SHAPE, {"step": "fine_tuning", "steps": count}) for count in (100, 200, 400)]
    assert between(tuned[0], tuned[2]) == [(tuned[1], 0)]


def test_only_the_nearest_on_either_side_count():
    bits = [recipe(low_bits(count)) for count in (1, 2, 8, 7, 4)]
    assert between(*bits) == [(recipe(low_bits(3)), 1), (recipe(low_bits(6)), 3)]


def test_numbers_next_to_each_other_have_nothing_between_them():
    assert between(recipe(low_bits(4)), recipe(low_bits(3))) == []
    assert between(recipe(low_bits(4)), recipe(low_bits(4))) == []


def test_recipes_that_differ_in_more_are_no_neighbours():
    assert between(recipe(low_bits(2)), recipe(low_bits(4, storage="bytes"))) == []
    assert between(recipe(low_bits(2)), recipe(SHAPE, low_bits(4))) == []
    assert between(recipe(low_bits(4)), recipe({"step": "static_int8"})) == []
    assert between(recipe(low_bits(2, images=8)), recipe(low_bits(2, images=16))) == [], (
        "that is not searched"
    )
    one, other = recipe(SHAPE, low_bits(2)), recipe(SHAPE, low_bits(8))
    assert between(one, other) == [(recipe(SHAPE, low_bits(5)), 0)]
