"""Training on other data is scored on those that the model had learnt from, and a loss there is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.datasets import open_dataset
from edgeslim.measurement import former_data
from edgeslim.recipe import Recipe
from edgeslim.records import FormerData, RecipeRecord
from edgeslim.report.text import study_table
from edgeslim.studies.figures import FIGURES, columns
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.units import DASH

pytestmark = pytest.mark.usefixtures("own_machine")

TRAINED = {"name": "trained", "steps": [{"step": "fine_tuning", "steps": 60, "learning_rate": 0.01}]}
HALF = {"name": "half", "steps": [{"step": "float16"}]}


def other_digits(path: Path) -> Path:
    """Images of the digits in folders of the next digit: what a model learns there costs all that it knew."""
    data = open_dataset("digits")
    for split, folder, count in (("train", "train", 120), ("validation", "val", 30)):
        images = data.split(split)  # type: ignore[arg-type]
        for place in range(count):
            known = images.target(place)
            assert isinstance(known, int)
            file = path / folder / data.labels[(known + 1) % 10] / f"{place:03}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images.image(place)).save(file)
    return path


def test_a_training_that_forgets_is_told_in_figures_table_and_shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, store = other_digits(tmp_path / "others"), Store(tmp_path / "home")
    (tmp_path / "recipe.json").write_text(json.dumps(TRAINED))
    asked = [
        "compress",
        "--model",
        "digits-mlp",
        "--data",
        str(data),
        "--recipe",
        str(tmp_path / "recipe.json"),
    ]
    assert main([*asked, "--out", str(tmp_path / "out"), "--store", str(store.root)]) == 0
    told = capsys.readouterr()
    assert "scored on 200 images of 'digits' too" in told.err, "before anything is computed"
    assert "Its training has cost what the model had learnt from digits: top1 was " in told.out
    recipes = [Recipe.from_json(each) for each in (TRAINED, HALF)]
    trained, half = workbench.compress("digits-mlp", data, recipes, tmp_path / "out", store=store)
    former = trained.former
    assert former is not None and half.former is None, "float16 learns nothing"
    assert (former.dataset, former.images, former.metric, len(former.classes)) == ("digits", 200, "top1", 10)
    whole = workbench.evaluate_model("digits-mlp", "digits", limit=200, store=store).accuracy
    assert whole is not None and former.before == whole["top1"], "the original's own score there"
    assert former.after < 0.5 < former.before
    assert former.change_ci95 is not None
    assert former.change_ci95[0] <= former.change <= former.change_ci95[1] < 0
    assert [notice.code for notice in trained.notices] == ["former_data_lost"]
    assert trained.accuracy is not None and trained.accuracy["paired_delta"] > 0.2, "on these data it gained"
    table = study_table(
        StudyResult(name="s", state="complete", model="m", dataset="d", baseline=None, trials=(trained, half))
    )
    assert "former change (95 %)" in table and "Its training has cost" in table


def test_own_data_and_recipes_without_labels_cost_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, data = Store(tmp_path / "home"), other_digits(tmp_path / "others")
    (own,) = workbench.compress(
        "digits-mlp", "digits", [Recipe.from_json(TRAINED)], tmp_path / "out", limit=20, store=store
    )
    assert own.former is None
    known = former_data.learnt_from
    monkeypatch.setattr(former_data, "learnt_from", lambda *_: pytest.fail("nobody asks"))
    workbench.compress("digits-mlp", data, [Recipe.from_json(HALF)], tmp_path / "out", limit=20, store=store)
    monkeypatch.setattr(former_data, "learnt_from", known)
    there, here = (
        StudyPlan(model="digits-mlp", dataset=str(data)),
        StudyPlan(model="digits-mlp", dataset="digits"),
    )
    trained, half = Recipe.from_json(TRAINED), Recipe.from_json(HALF)
    found = workbench.former_check(there, [trained, half], store)
    assert found is not None and (found.dataset, found.images, found.recipes) == ("digits", 200, 1)
    assert workbench.former_check(there, [half], store) is None
    assert workbench.former_check(here, [trained], store) is None
    assert workbench.former_check(there, [half], store, searching=True) is not None, "a search may train"
    with_labels = workbench.estimate(there, [trained], store)
    assert with_labels.former == found


FORMER = FormerData(
    dataset="d", classes=("a",), images=50, before=0.7, after=0.69, metric="mAP", change_ci95=(-0.03, 0.01)
)


def test_a_difference_within_chance_is_a_figure_and_no_loss(a_trial: TrialResult) -> None:
    trial = replace(a_trial, former=FORMER)
    assert FIGURES.get("former_change").value(trial) == pytest.approx(-0.01)
    assert FIGURES.get("former_change").bounds(trial) == (-0.03, 0.01)
    assert "former_change" in [figure.name for figure in columns([trial])]
    assert "former_change" not in [figure.name for figure in columns([a_trial])]
    assert trial.notices == ()
    (notice,) = replace(a_trial, former=replace(FORMER, change_ci95=(-0.03, -0.002))).notices
    assert notice.code == "former_data_lost" and "mAP was 70.0 there and is 69.0 now" in str(notice)
    assert replace(FORMER, change_ci95=None).lost, "without an interval, any decrease"
    assert TrialResult.from_json(trial.to_json()) == trial


@pytest.fixture
def a_trial() -> TrialResult:
    return TrialResult(
        number=1, state="complete", recipe=RecipeRecord(), title="t", recipe_fingerprint="f", model="m"
    )


def test_a_loss_without_an_interval_is_told_without_one(a_trial: TrialResult) -> None:
    (notice,) = replace(a_trial, former=replace(FORMER, change_ci95=None)).notices
    assert (notice.values["low"], notice.values["high"]) == (DASH, DASH)
    assert (notice.values["before"], notice.values["after"]) == ("70.0", "69.0")
