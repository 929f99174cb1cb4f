"""Proposals: new ones only, seeds first, and that learning helps."""

from __future__ import annotations

import random

import pytest

from edgeslim.recipe import Recipe
from edgeslim.search.sampling import POPULATION, Proposals
from edgeslim.search.space import searched, space_of
from edgeslim.steps import STEPS
from edgeslim.studies.search_run import LEARNING, SAMPLERS

SPACE = space_of(["channel_pruning", "magnitude_pruning", "fine_tuning", "static_int8", "low_bit_weights"])
SMALL = space_of(["float16", "match_statistics"])
READY = [
    Recipe.from_json({"name": "ready", "steps": [{"step": "magnitude_pruning", "sparsity": 0.5}]}),
    Recipe.from_json({"steps": [{"step": "static_int8"}]}),
]


def gains(recipe: Recipe) -> tuple[float, float]:
    """A made-up world: recovery helps what was pruned, few bits are small."""
    names = {step.name: step for step in recipe.steps}
    quality, size = 1.0, 0.0
    if "channel_pruning" in names:
        size += 3 * names["channel_pruning"].ratio
        quality -= names["channel_pruning"].ratio * (0.3 if "fine_tuning" in names else 1.5)
    if "magnitude_pruning" in names:
        size += names["magnitude_pruning"].sparsity
        quality -= names["magnitude_pruning"].sparsity * (0.5 if "fine_tuning" in names else 1.0)
    if "low_bit_weights" in names:
        size += 4 - names["low_bit_weights"].bits / 2
        quality -= 0.8 / names["low_bit_weights"].bits
    if "static_int8" in names:
        size += 2
        quality -= 0.02
    return quality, size


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_recipe_is_proposed_twice_and_failures_do_not_disturb(sampler):
    proposals = Proposals(SPACE, sampler, 2, seed=0)
    seen = set()
    for index in range(60):
        recipe = proposals.next()
        assert recipe is not None
        assert recipe.fingerprint() not in seen
        seen.add(recipe.fingerprint())
        heard = proposals.tell(
            recipe, None if index % 5 == 0 else gains(recipe), {"download": index % 3 - 1.0}
        )
        assert heard
        assert not proposals.tell(recipe, gains(recipe), {}), "it listens once"


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_small_space_ends(sampler):
    proposals = Proposals(SMALL, sampler, 2, seed=0)
    found = []
    while (recipe := proposals.next()) is not None:
        found.append(recipe)
        proposals.tell(recipe, (1.0, 1.0), {})
    assert {each.title for each in found} == {"float32", "float16"}, "nothing to recover from"


def test_seeds_come_first_and_keep_their_names():
    proposals = Proposals(SPACE, "nsga2", 2, 0, READY)
    first = [proposals.next(), proposals.next()]
    assert first == READY
    assert first[0].name == "ready"
    assert SPACE.exact_point(READY[0])["magnitude_pruning.sparsity"] == 0.5


def test_claimed_recipes_are_not_proposed_and_can_be_told():
    proposals = Proposals(SPACE, "nsga2", 2, 0, READY)
    proposals.claim(READY[0])
    assert proposals.next() == READY[1]
    assert proposals.tell(READY[0], (1.0, 1.0), {})


def test_a_recipe_beside_the_space_is_told_all_the_same():
    proposals = Proposals(SPACE, "tpe", 2, 0)
    sparse = Recipe.from_json({"steps": [{"step": "magnitude_pruning", "sparsity": 0.98}]})
    assert SPACE.exact_point(sparse) == {}
    proposals.claim(sparse)
    assert proposals.tell(sparse, (0.1, 1.0), {}), "it teaches all the same"
    float16 = Recipe.from_json({"steps": [{"step": "float16"}]})
    proposals.claim(float16)
    assert proposals.tell(float16, (1.0, 1.0), {}), "from what is not in the space nothing is learned"


@pytest.mark.parametrize("sampler", LEARNING)
def test_learning_finds_more_of_what_is_good_than_chance(sampler):
    def good(name: str, seed: int) -> int:
        proposals = Proposals(SPACE, name, 2, seed)
        count = 0
        for index in range(6 * POPULATION):
            recipe = proposals.next()
            assert recipe is not None
            quality, size = gains(recipe)
            count += index >= 3 * POPULATION and quality > 0.7 and size > 2.2
            proposals.tell(recipe, (quality - 0.5, size), {"reference": 0.5 - quality})
        return count

    seeds = range(3 if sampler == "nsga2" else 1)
    learned = sorted(good(sampler, seed) for seed in seeds)
    by_chance = sorted(good("random", seed) for seed in seeds)
    assert learned[len(learned) // 2] > 1.3 * by_chance[len(learned) // 2]


@pytest.mark.parametrize("sampler", LEARNING)
def test_what_misses_a_limit_is_left(sampler):
    proposals = Proposals(SPACE, sampler, 2, seed=1)
    late = []
    for index in range(5 * POPULATION):
        recipe = proposals.next()
        assert recipe is not None
        quality, size = gains(recipe)
        late += [size >= 2.0] if index >= 3 * POPULATION else []
        proposals.tell(recipe, (quality, size), {"download": 2.0 - size})
    assert sum(late) / len(late) > 0.6


def test_the_same_seed_proposes_the_same():
    def proposed(seed: int) -> list[str]:
        proposals = Proposals(SPACE, "nsga2", 2, seed)
        made = []
        for _ in range(3 * POPULATION):
            recipe = proposals.next()
            assert recipe is not None
            made.append(recipe.fingerprint())
            proposals.tell(recipe, gains(recipe), {})
        return made

    assert proposed(3) == proposed(3) != proposed(4)


def test_the_registry_as_it_is_can_be_sampled():
    proposals = Proposals(space_of(STEPS.names()), "nsga2", 3, 0)
    for _ in range(2 * POPULATION):
        recipe = proposals.next()
        assert recipe is not None
        proposals.tell(recipe, (random.random(), 1.0, 1.0), {})
    assert searched(STEPS.get("channel_pruning"))
