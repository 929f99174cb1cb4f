"""The space of recipes: what follows from the steps' declarations, and the way from a recipe to a point and back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import optuna
import pytest

from edgeslim.params import param
from edgeslim.recipe import Recipe
from edgeslim.search.space import (
    LEVELS,
    NONE,
    Space,
    at_share,
    recovers,
    recovery_steps,
    searched,
    space_of,
    title,
)
from edgeslim.steps import STEPS, OnnxStep, TorchStep, order
from edgeslim.steps.recovery import FineTuning
from edgeslim.studies.presets import PRESETS, fitting

EVERYTHING = space_of(STEPS.names())


def recipe(*steps: dict) -> Recipe:
    return Recipe.from_json({"steps": list(steps)})


PRUNED = {"step": "channel_pruning", "ratio": 0.2}
TUNED = {"step": "fine_tuning", "steps": 300, "learning_rate": 1e-3}
INT8 = {"step": "static_int8"}


def points(space: Space, count: int, seed: int = 0, grid: bool = False) -> list[dict]:
    if grid:
        return list(islice(space.grid(seed), count))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    return [space.suggest(study.ask()) for _ in range(count)]


def test_slots_come_in_the_order_prune_factorize_recover_store_compute():
    names = [slot.name for slot in EVERYTHING.slots]
    assert names[:2] == ["pruning", "low_rank"]
    assert names[-3:] == ["recovery", "storage", "computing"]
    by_name = {slot.name: {step.name for step in slot.steps} for slot in EVERYTHING.slots}
    assert {"channel_pruning", "magnitude_pruning"} <= by_name["pruning"]
    assert {"fine_tuning", "distil_from_original", "match_statistics"} <= by_name["recovery"]
    assert {"float16", "static_int8", "low_bit_weights", "weight_clustering"} <= by_name["storage"]


def test_every_step_has_one_place_and_those_not_named_have_none():
    placed = [step.name for slot in EVERYTHING.slots[:-1] for step in slot.steps]
    assert [step.name for step in EVERYTHING.slots[-1].steps] == ["robust_int8"]  # on what others have stored
    assert sorted(placed) == sorted(STEPS.names())
    small = space_of(["float16", "magnitude_pruning"])
    assert [(slot.name, [step.name for step in slot.steps]) for slot in small.slots] == [
        ("pruning", ["magnitude_pruning"]),
        ("storage", ["float16"]),
    ]


@pytest.mark.parametrize("name", STEPS.names())
def test_what_is_searched_lies_within_the_steps_bounds(name: str):
    for p in searched(STEPS.get(name)):
        assert p.search is not None
        if p.type in (int, float):
            low, high = p.search
            assert low < high
            assert not p.log or low > 0
            STEPS.get(name)(**{p.name: low})
            STEPS.get(name)(**{p.name: high})
        else:
            assert len(p.search) > 1
            for value in p.search:
                STEPS.get(name)(**{p.name: value})


@pytest.mark.parametrize("grid", [False, True])
def test_random_points_are_sound_recipes_and_come_back(grid: bool):
    made = [(point, EVERYTHING.recipe(point)) for point in points(EVERYTHING, 300, grid=grid)]
    sound = [(point, each) for point, each in made if each is not None]
    assert len(sound) > 250
    for _, each in sound:
        assert order.clash(each.steps) is None
        again = EVERYTHING.point(each)
        assert again is not None
        assert EVERYTHING.recipe(again) == each
    assert max(len(each.steps) for _, each in sound) >= 4


def test_a_point_holds_what_matters_only():
    point = EVERYTHING.point(recipe(PRUNED, INT8))
    assert point is not None
    assert {name: value for name, value in point.items() if "." not in name and value != NONE} == {
        "pruning": "channel_pruning",
        "storage": "static_int8",
    }
    assert point["channel_pruning.ratio"] == 0.2
    assert not any(name.startswith(("fine_tuning.", "magnitude_pruning.")) for name in point)
    assert set(EVERYTHING.distributions(point)) == set(point) < set(EVERYTHING.flat())


def test_ready_recipes_have_a_place():
    ready = fitting(PRESETS.get("quick"), frozenset({"calibration", "train", "loss"}))[0]
    found = [EVERYTHING.point(each) for each in ready]
    back = [point is not None and EVERYTHING.recipe(point) for point in found]
    assert [a.steps for a in back if a] == [each.steps for each in ready]


def test_what_lies_outside_of_the_space_is_placed_nearest_or_not_at_all():
    far = EVERYTHING.point(recipe({"step": "magnitude_pruning", "sparsity": 0.99}))
    assert far is not None
    assert far["magnitude_pruning.sparsity"] == max(searched(STEPS.get("magnitude_pruning"))[0].search)
    assert EVERYTHING.point(recipe(TUNED, {**TUNED, "steps": 400})) is None
    assert space_of(["float16"]).point(recipe(PRUNED)) is None


def test_numbers_are_rounded_to_two_figures_so_that_beginnings_are_shared():
    point = EVERYTHING.point(recipe(PRUNED))
    assert point is not None
    made = EVERYTHING.recipe({**point, "channel_pruning.ratio": 0.23456})
    assert made is not None
    assert made.to_json()["steps"][0]["ratio"] == 0.23


def test_a_grid_has_few_levels_from_end_to_end():
    ratios = {
        point["channel_pruning.ratio"]
        for point in points(EVERYTHING, 200, grid=True)
        if "channel_pruning.ratio" in point
    }
    low, high = searched(STEPS.get("channel_pruning"))[0].search
    assert len(ratios) == LEVELS
    assert (min(ratios), max(ratios)) == (low, high)


def test_a_grid_gives_every_point_once():
    space = space_of(["float16", "magnitude_pruning"])
    found = [tuple(sorted(point.items())) for point in space.grid()]
    assert len(found) == len(set(found)) == (1 + LEVELS) * 2
    assert found != [tuple(sorted(point.items())) for point in space.grid(seed=1)]


def test_less_recovery_means_fewer_steps_of_training_and_nothing_else():
    whole = recipe(PRUNED, TUNED, INT8)
    short = at_share(whole, 1 / 6)
    assert [each.get("steps") for each in short.to_json()["steps"]] == [None, 50, None]
    assert short.steps[0] == whole.steps[0]
    assert short.steps[2] == whole.steps[2]
    assert at_share(whole, 1.0) == whole
    assert at_share(recipe({**TUNED, "steps": 8}), 0.1).steps[0].steps == 8, "never more than was asked for"
    assert recovers(whole)
    assert not recovers(recipe(PRUNED, INT8))
    assert [recovery_steps(step) for step in whole.steps] == [0, 300, 0]


def test_titles_tell_the_amounts():
    assert title(recipe(PRUNED, TUNED, INT8)) == "channel_pruning 0.2 + fine_tuning 300 + static_int8"
    assert title(Recipe((), name="mine")) == "mine"
    assert title(Recipe()) == "float32"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shrink(TorchStep):
    name: ClassVar[str] = "shrink"
    group: ClassVar[str] = "new"
    changes: ClassVar[frozenset[str]] = frozenset({"file", "accuracy"})
    images: int = param(16, low=1, high=100, unit="images")
    amount: float = param(0.5, low=0.0, high=0.8)
    other: float = param(0.5, low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heal(TorchStep):
    name: ClassVar[str] = "heal"
    group: ClassVar[str] = "new"
    changes: ClassVar[frozenset[str]] = frozenset({"accuracy"})
    strength: float = param(0.5, low=0.0, high=1.0)
    steps: int = param(90, low=1, high=1000, unit="steps")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack(OnnxStep):
    name: ClassVar[str] = "pack"
    group: ClassVar[str] = "new"
    changes: ClassVar[frozenset[str]] = frozenset({"file"})


def test_a_new_step_finds_its_place_and_its_amount_by_itself(monkeypatch: pytest.MonkeyPatch):
    for step in (Shrink, Heal, Pack):
        monkeypatch.setitem(STEPS._items, step.name, step)
    space = space_of([*STEPS.names()])
    assert [slot.name for slot in space.slots if Shrink in slot.steps] == ["new"]
    assert [slot.name for slot in space.slots if Heal in slot.steps] == ["recovery"]
    assert [slot.name for slot in space.slots if Pack in slot.steps] == ["storage"]
    assert [(p.name, p.search, p.log) for p in searched(Shrink)] == [("amount", (0.0, 0.8), False)]
    assert [(p.name, p.search, p.log) for p in searched(Heal)] == [("steps", (30, 270), True)]
    assert searched(Pack) == ()
    assert at_share(Recipe((Heal(),)), 1 / 3).steps == (Heal(steps=30),)


def test_hints_go_before_guesses():
    assert [p.name for p in searched(FineTuning)] == ["steps", "learning_rate"]
