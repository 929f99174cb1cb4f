"""Making the files of several recipes: one that cannot be met costs nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import InfeasibleError
from edgeslim.recipe import Recipe
from edgeslim.report.text import study_table
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

pytestmark = pytest.mark.usefixtures("own_machine")

TOO_FEW_BITS = {"step": "mixed_low_bit_weights", "average_bits": 1.0}


def recipe(name: str, *steps: dict[str, object]) -> Recipe:
    return Recipe.from_json({"name": name, "steps": list(steps)})


def test_an_infeasible_recipe_is_told_and_the_others_are_made(tmp_path: Path) -> None:
    recipes = [recipe("hopeless", TOO_FEW_BITS), recipe("half", {"step": "float16"})]
    trials = workbench.compress(
        "digits-mlp", "digits", recipes, tmp_path / "out", limit=40, store=Store(tmp_path / "home")
    )
    assert [(t.title, t.state) for t in trials] == [("hopeless", "infeasible"), ("half", "complete")]
    hopeless, half = trials
    assert hopeless.error and hopeless.error.code == "bits_unreachable"
    assert (hopeless.file, hopeless.latency, hopeless.accuracy) == (None, None, None)
    assert half.file and half.sizes and half.latency
    assert Path(half.file).stat().st_size == half.sizes.file
    assert half.latency.ratio > 0
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
    assert "stored in 1.0 bits" in str(caught.value)


def test_a_recipe_that_did_nothing_is_shown_as_what_it_is(tmp_path: Path) -> None:
    """Int8 in name alone: at 60 dB no layer may compute with integers, and the file says so."""
    recipes = [
        recipe("int8", {"step": "static_int8"}),
        recipe("int8, robust", {"step": "robust_int8", "sqnr": 60.0}),
    ]
    done, undone = workbench.compress(
        "digits-cnn", "digits", recipes, tmp_path / "out", limit=40, store=Store(tmp_path / "home")
    )
    assert done.int8_share is not None and done.int8_share > 0.5
    assert (done.title, done.notices) == ("int8", ())
    assert (undone.int8_share, undone.title) == (0.0, "int8, robust (computes in float)")
    (notice,) = undone.notices
    assert (notice.code, notice.values) == ("stayed_float", {"share": "0 %"})
    assert "0 %" in study_table(made_up(done, undone))


def made_up(*trials: TrialResult) -> StudyResult:
    return StudyResult(name="s", state="complete", model="m", dataset="d", baseline=None, trials=trials)
