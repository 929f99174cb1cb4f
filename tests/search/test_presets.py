"""The ready-made recipe lists: sound, distinct, sharing what they can, and cut to what is there."""

from __future__ import annotations

import pytest

from compression.recipe import Recipe
from compression.search.presets import PRESETS, fitting

EVERYTHING = frozenset({"calibration", "train", "loss"})


def recipes(name: str) -> list[Recipe]:
    return fitting(PRESETS.get(name), EVERYTHING)[0]


def counts(name: str, step: str) -> int:
    return sum(any(each.name == step for each in recipe.steps) for recipe in recipes(name))


@pytest.mark.parametrize("name", PRESETS.names())
def test_recipes_are_sound_distinct_and_named(name: str):
    found = recipes(name)
    assert len(found) == len(PRESETS.get(name).recipes)
    assert len({recipe.fingerprint() for recipe in found}) == len(found)
    assert len({recipe.title for recipe in found}) == len(found)
    assert all(recipe.steps and recipe.name for recipe in found)


def test_quick_has_ten_recipes_four_with_fine_tuning_and_shares_them():
    assert len(recipes("quick")) >= 10
    assert counts("quick", "fine_tuning") >= 4
    tunings = {
        recipe.prefix(i + 1).fingerprint()
        for recipe in recipes("quick")
        for i, step in enumerate(recipe.steps)
        if step.name == "fine_tuning"
    }
    assert len(tunings) < counts("quick", "fine_tuning")


def test_post_training_needs_no_training_and_has_six_kinds_of_int8():
    fit, left_out = fitting(PRESETS.get("post-training"), frozenset({"calibration"}))
    assert left_out == []
    assert sum(recipe.steps[0].name == "static_int8" for recipe in fit) >= 6
    assert any(recipe.steps[0].name == "float16" for recipe in fit)


def test_the_sample_study_has_sixteen_recipes():
    assert len(recipes("sample")) >= 16


def test_recipes_that_need_what_is_missing_are_left_out_and_said():
    fit, left_out = fitting(PRESETS.get("quick"), frozenset({"calibration"}))
    assert [recipe.title for recipe in fit] == [
        recipe.title for recipe in recipes("quick") if "tuning" not in recipe.title
    ]
    assert len(fit) == 6
    assert {"title": "tuning alone", "needs": ["loss", "train"]} in left_out
    assert len(fit) + len(left_out) == len(PRESETS.get("quick").recipes)
    fit, _ = fitting(PRESETS.get("post-training"), frozenset())
    assert [recipe.title for recipe in fit] == ["float16"]
