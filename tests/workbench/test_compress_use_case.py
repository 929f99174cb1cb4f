"""Making the files of several recipes: one that cannot be met costs nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import InfeasibleError
from edgeslim.recipe import Recipe

pytestmark = pytest.mark.usefixtures("own_machine")

TOO_FEW_BITS = {"step": "mixed_low_bit_weights", "average_bits": 1.0}


def recipe(name: str, *steps: dict[str, object]) -> Recipe:
    return Recipe.from_json({"name": name, "steps": list(steps)})


def test_an_infeasible_recipe_is_told_and_the_others_are_made(tmp_path: Path) -> None:
    recipes = [recipe("hopeless", TOO_FEW_BITS), recipe("half", {"step": "float16"})]
    trials = workbench.compress(
        "digits-mlp", "digits", recipes, tmp_path / "out", limit=40, store=Store(tmp_path / "home")
    )
    assert [(t["title"], t["state"]) for t in trials] == [("hopeless", "infeasible"), ("half", "complete")]
    assert trials[0]["error"]["code"] == "bits_unreachable"
    assert (trials[0]["file"], trials[0]["latency"], trials[0]["accuracy"]) == (None, None, None)
    assert Path(trials[1]["file"]).stat().st_size == trials[1]["sizes"]["file"]
    assert trials[1]["latency"]["ratio"] > 0
    assert len(list((tmp_path / "out").glob("*.onnx"))) == 1


def test_a_single_infeasible_recipe_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InfeasibleError) as caught:
        workbench.compress(
            "digits-mlp",
            "digits",
            [recipe("hopeless", TOO_FEW_BITS)],
            tmp_path / "out",
            limit=40,
            store=Store(tmp_path / "home"),
        )
    assert caught.value.code == "bits_unreachable"
    assert "average_bits" in caught.value.remedy
