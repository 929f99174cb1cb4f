"""Recipes: order rules, JSON, fingerprints."""

from __future__ import annotations

from typing import Any

import pytest

from edgeslim.errors import EdgeSlimError, ParameterError, RecipeError
from edgeslim.params import parameters
from edgeslim.recipe import Recipe, repaired
from edgeslim.records import RecipeRecord
from edgeslim.steps.pruning import ChannelPruning, MagnitudePruning
from edgeslim.steps.quantization import StaticInt8
from edgeslim.steps.recovery import FineTuning
from said import said

LONG = Recipe((ChannelPruning(ratio=0.4), FineTuning(steps=50), StaticInt8(images=8)), seed=7, name="edge")


def test_recipe_goes_through_json_and_back() -> None:
    assert Recipe.from_json(LONG.to_json()) == LONG
    first = LONG.to_json()["steps"][0]
    assert (first["step"], first["ratio"]) == ("channel_pruning", 0.4)
    assert list(first) == ["step", *(item.name for item in parameters(ChannelPruning))]


def test_whole_numbers_are_taken_for_fractions() -> None:
    recipe = Recipe.from_json({"steps": [{"step": "magnitude_pruning", "sparsity": 0}]})
    assert recipe.steps == (MagnitudePruning(sparsity=0.0),)


def test_fingerprint_follows_steps_parameters_and_seed_but_not_the_name() -> None:
    prints = {
        LONG.fingerprint(),
        Recipe(LONG.steps, seed=8).fingerprint(),
        Recipe(LONG.steps[:2], seed=7).fingerprint(),
        Recipe((ChannelPruning(ratio=0.41), *LONG.steps[1:]), seed=7).fingerprint(),
    }
    assert len(prints) == 4
    assert Recipe(LONG.steps, seed=7).fingerprint() == LONG.fingerprint()
    assert LONG.prefix(2).fingerprint() == Recipe(LONG.steps[:2], seed=7).fingerprint()


def test_title_is_the_name_or_the_steps() -> None:
    assert LONG.title == "edge"
    assert Recipe(LONG.steps).title == "channel_pruning + fine_tuning + static_int8"
    assert Recipe().title == "float32"


def test_a_bad_order_is_refused_with_the_repaired_one() -> None:
    given: dict[str, Any] = {
        "name": "mine",
        "steps": [{"step": "static_int8", "images": 8}, {"step": "fine_tuning"}],
    }
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(given)
    assert caught.value.values["repaired"] == "fine_tuning, static_int8"
    mended = repaired(RecipeRecord(tuple(given["steps"]), name="mine"))
    assert mended is not None
    recipe = Recipe.from_json(mended.to_json())
    assert recipe.name == "mine"
    assert recipe.steps == (FineTuning(), StaticInt8(images=8))
    assert repaired(mended) == mended


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([], "malformed_recipe"),
        ({"steps": "magnitude_pruning"}, "malformed_recipe"),
        ({"steps": [], "stpes": []}, "malformed_recipe"),
        ({"steps": [], "seed": -1}, "malformed_recipe"),
        ({"steps": [], "seed": True}, "malformed_recipe"),
        ({"steps": ["float16"]}, "malformed_recipe"),
        ({"steps": [{"step": "prunee"}]}, "unknown_name"),
        ({"steps": [{"step": "float16", "bits": 8}]}, "unknown_parameter"),
        ({"steps": [{"step": "magnitude_pruning", "sparsity": 1.5}]}, "parameter_bounds"),
        ({"steps": [{"step": "magnitude_pruning", "sparsity": "half"}]}, "parameter_type"),
        ({"steps": [{"step": "static_int8", "calibration": "distribution"}]}, "parameter_choice"),
    ],
)
def test_bad_recipes_say_what_is_wrong(data: Any, code: str) -> None:
    with pytest.raises(EdgeSlimError) as caught:
        Recipe.from_json(data)
    assert caught.value.code == code
    assert said(caught.value)


def test_unknown_step_names_the_nearest() -> None:
    with pytest.raises(EdgeSlimError, match="magnitude_pruning"):
        Recipe.from_json({"steps": [{"step": "magnitude_prunning"}]})


def test_out_of_bounds_parameter_names_step_and_bounds() -> None:
    with pytest.raises(ParameterError) as caught:
        ChannelPruning(ratio=0.95)
    assert caught.value.values == {
        "step": "channel_pruning",
        "parameter": "ratio",
        "low": 0.0,
        "high": 0.9,
        "value": "0.95",
    }


def test_recipes_are_read_without_loading_torch_or_onnxruntime() -> None:
    import subprocess
    import sys

    code = "import sys, edgeslim.recipe; print({'torch', 'onnxruntime', 'torch_pruning'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
