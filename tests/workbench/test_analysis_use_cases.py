"""X-ray, sensitivity and ablation through the façade and the shell, on the digits."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.analysis.ablation import Change, MeasuredVariant
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.errors import DatasetError, InfeasibleError, StoreError
from edgeslim.recipe import Recipe
from edgeslim.steps.pruning import MagnitudePruning

RECIPE: dict[str, Any] = {
    "steps": [
        {"step": "magnitude_pruning", "sparsity": 0.3},
        {"step": "magnitude_pruning", "sparsity": 0.9},
        {"step": "float16"},
    ]
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, own_machine: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGESLIM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(RECIPE))
    return path


def top1(variant: MeasuredVariant) -> float:
    assert variant.trial is not None and variant.trial.objective is not None
    return variant.trial.objective


def size(variant: MeasuredVariant) -> int:
    assert variant.trial is not None and variant.trial.sizes is not None
    return variant.trial.sizes.file


def delta(change: Change | None) -> float:
    assert change is not None and change.primary is not None
    return change.primary.delta


def test_an_ablation_measures_real_files_and_adds_up(digits_file: Path, home: Path) -> None:
    recipe = Recipe.from_json(RECIPE)
    found = workbench.ablate(str(digits_file), "digits", recipe, limit=100)
    assert (found.metric, found.images, found.orders_limit) == ("top1", 100, 6)
    stages = found.stages
    assert stages[3].steps == ("magnitude_pruning", "magnitude_pruning", "float16")
    whole = stages[-1].trial
    assert whole is not None and whole.file is not None
    assert Path(whole.file).stat().st_size == size(stages[-1])
    for before, after in pairwise(stages):
        assert delta(after.change) == pytest.approx(top1(after) - top1(before))
        assert after.change and after.change.figures["file"] == size(after) - size(before)
    total = sum(delta(stage.change) for stage in stages[1:])
    assert total == pytest.approx(delta(found.total), abs=1e-9)
    assert total == pytest.approx(whole.figure("paired_delta"))
    assert delta(stages[2].change) < -0.05  # nine tenths of the weights
    assert size(stages[3]) < size(stages[2])  # float16
    assert [variant.step for variant in found.without] == [step["step"] for step in RECIPE["steps"]]
    assert delta(found.without[1].change) > 0.05
    assert [variant.order for variant in found.orders] == [(1, 0, 2)]
    for variant in (*stages, *found.orders):
        assert variant.trial and variant.trial.latency and variant.trial.latency.median_ms > 0


def test_a_variant_that_cannot_be_made_is_told_and_the_rest_is_measured(
    digits_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_too_much(monkeypatch)
    found = workbench.ablate(str(digits_file), "digits", Recipe.from_json(RECIPE), limit=40)
    for variant in (found.without[0], found.orders[0]):
        assert variant.error and variant.error.code == "too_bad"
        assert variant.trial is variant.change is None
    assert found.stages[-1].trial is not None


def test_a_recipe_that_cannot_be_made_at_all_is_refused(
    digits_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_too_much(monkeypatch)
    with pytest.raises(InfeasibleError):
        workbench.ablate(str(digits_file), "digits", Recipe((MagnitudePruning(sparsity=0.9),)), limit=40)


def refuse_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pruning nine tenths needs that something was pruned before."""
    apply = MagnitudePruning.apply

    def refuse(self: MagnitudePruning, model: Any, context: Any) -> Any:
        zeros = [float((weight == 0).float().mean()) for weight in model.parameters() if weight.dim() > 1]
        if self.sparsity == 0.9 and min(zeros) < 0.25:
            raise InfeasibleError("too_bad")
        return apply(self, model, context)

    monkeypatch.setattr(MagnitudePruning, "apply", refuse)


@pytest.mark.parametrize(
    "what", ["xray", "score_predictions", "layer_sensitivity", "ablate", "evaluate_model"]
)
def test_nothing_is_thrown_away_while_a_model_is_looked_at(what: str, digits_file: Path, home: Path) -> None:
    told: list[str] = []

    def collect(*_: Any) -> None:
        with pytest.raises(StoreError) as caught:
            workbench.collect_garbage(max_bytes=0)
        told.append(caught.value.code)

    more = {"ablate": [Recipe.from_json(RECIPE)]}.get(what, [])
    limit = {} if what in ("xray", "score_predictions", "layer_sensitivity") else {"limit": 20}
    getattr(workbench, what)(str(digits_file), "digits", *more, progress=collect, **limit)
    assert set(told) == {"store_in_use"}
    workbench.collect_garbage(max_bytes=0)


def test_sensitivity_and_predictions_of_a_sample(home: Path) -> None:
    found = workbench.layer_sensitivity("digits-mlp", "digits", techniques={"low_bit_weights": (2, 8)})
    two, eight = (line.values for line in found.techniques)
    assert all(two[layer] > eight[layer] > 0 for layer in two)
    scores = workbench.score_predictions("digits-mlp", "digits", techniques={"low_bit_weights": (2, 8)})
    assert [line.layers for line in scores.layers.techniques] == [len(two)] * 2
    assert all(line.ratio and 0.05 < line.ratio < 20 for line in scores.layers.techniques)
    assert scores.files is None
    assert len(Store(home).keys("sensitivity")) == 3


def test_labels_are_needed_for_sensitivity_by_accuracy(digits_file: Path, tmp_path: Path) -> None:
    from PIL import Image

    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(4):
        Image.new("RGB", (16, 16), (40 * index, 80, 10)).save(folder / f"{index}.png")
    with pytest.raises(DatasetError) as caught:
        workbench.layer_sensitivity(str(digits_file), folder, calibration="digits", labels=True)
    assert caught.value.code == "sensitivity_no_labels"


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_shell_tells_all_three_as_json_and_in_words(
    capsys: pytest.CaptureFixture[str], digits_file: Path, recipe_file: Path
) -> None:
    data = ["--model", str(digits_file), "--data", "digits"]
    seen = run_json(capsys, "xray", *data, "--bits", "4", "--score")
    assert (seen["bits"], len(seen["layers"])) == (4, 1)
    assert seen["scores"]["layers"]["best"]["layers"] == 1
    measured = run_json(capsys, "sensitivity", *data, "--technique", "low_bit_weights=3,2", "--images", "2")
    assert [(x["technique"], x["strength"]) for x in measured["techniques"]] == [
        ("low_bit_weights", 3.0),
        ("low_bit_weights", 2.0),
    ]
    ablated = run_json(
        capsys, "ablate", *data, "--recipe", str(recipe_file), "--limit", "30", "--orders", "0"
    )
    assert (len(ablated["stages"]), ablated["orders"]) == (4, [])
    for command, words in (
        (["xray", *data, "--score"], "predicted to pay"),
        (
            ["sensitivity", *data, "--labels", "--images", "4", "--technique", "low_bit_weights=2"],
            "top1 in points",
        ),
        (["ablate", *data, "--recipe", str(recipe_file), "--limit", "30"], "all stages"),
    ):
        assert main(command) == 0
        assert words in capsys.readouterr().out


def test_the_shell_refuses_what_makes_no_sense(
    capsys: pytest.CaptureFixture[str], digits_file: Path, tmp_path: Path
) -> None:
    data = ["--model", str(digits_file), "--data", "digits"]
    several = tmp_path / "several.json"
    several.write_text(json.dumps([RECIPE, RECIPE]))
    assert main(["ablate", *data, "--recipe", str(several)]) == 2
    assert "holds 2 recipes" in capsys.readouterr().err
    assert main(["sensitivity", *data, "--technique", "magnitude=0.5"]) == 2
    assert "magnitude_pruning" in capsys.readouterr().err
    for wrong in (["--bits", "17"], ["--bits", "x"], ["--images", "0"]):
        with pytest.raises(SystemExit):
            main(["xray", *data, *wrong])
