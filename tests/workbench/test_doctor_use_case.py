"""The doctor through the façade: a trial is examined, its mend is measured, and the doctor says whether it was right."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.analysis.doctor.records import Mend
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.errors import StudyError
from edgeslim.recipe import Recipe
from edgeslim.steps.pruning import MagnitudePruning
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench import doctor
from edgeslim.workbench.workload import opened


@pytest.fixture
def store(tmp_path: Path, own_machine: None) -> Store:
    return Store(tmp_path / "home")


def measured(recipes: list[Recipe], model: Path, store: Store) -> list[TrialResult]:
    """Trials as a study has them, but for latency."""
    from edgeslim.measurement.measure import compress_and_score
    from edgeslim.progress import silent

    work = opened(str(model), "digits", store, calibration=None, spec=None, limit=200, progress=silent)
    trials = []
    for number, recipe in enumerate(recipes):
        found = compress_and_score(recipe, work, store)
        figures = {each.name: getattr(found, each.name) for each in dataclasses.fields(found)}
        figures["runtimes"] = {}
        trials.append(
            TrialResult(
                number=number,
                state="complete",
                recipe=recipe.record(),
                title=recipe.title,
                recipe_fingerprint=recipe.fingerprint(),
                **figures,
            )
        )
    return trials


def test_a_mend_is_tried_and_judged(digits_file: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Recipe((MagnitudePruning(sparsity=0.95),))
    trials = measured([Recipe(), broken], digits_file, store)
    study = StudyResult(
        name="s", state="complete", model="linear", dataset="digits", baseline=0, trials=tuple(trials)
    )
    plan = StudyPlan(model=str(digits_file), dataset="digits", limit=200, held_out=0.0)
    asked = workbench.examination(study, 1, plan=plan, store=store)
    assert workbench.diagnosis(asked, store) is None
    told: list[int] = []

    def progress(message: str, done: int, total: int, who: str = "") -> None:
        so_far = workbench.diagnosis_so_far(asked, store)
        if message == "cause_tried" and so_far is not None:
            assert so_far.loss.delta < -0.2 and len(so_far.findings) == done
            told.append(done)

    found = workbench.examine(asked, store, progress)
    assert workbench.diagnosis(asked, store) == found
    assert told == list(range(1, len(found.findings))), "what is known while the next cause is tried"
    assert workbench.diagnosis_so_far(asked, store) is None
    (cause,) = found.found
    assert (cause.cause, cause.evidence["value"]) == ("too_strong", 0.95)
    assert cause.mend is not None and cause.mend.recipe is not None
    mended = Recipe.from_json(cause.mend.recipe.to_json())
    assert mended == Recipe((MagnitudePruning(sparsity=0.65),))

    added: list[Any] = []

    def extend(name: str, recipes: list[Recipe], _: Store) -> list[int]:
        added.append((name, recipes))
        return [2]

    monkeypatch.setattr(doctor, "extend_study", extend)
    monkeypatch.setattr(doctor.storage, "names", lambda _: ["s"])
    assert workbench.mend_outcome(study, 1, cause, store) is None
    assert workbench.try_mend(study, 1, cause.mend, store).number == 2
    assert added == [("s", [mended])]

    whole = dataclasses.replace(
        study, trials=(*trials, *_numbered(measured([mended], digits_file, store), 2))
    )
    outcome = workbench.mend_outcome(whole, 1, cause, store)
    assert outcome is not None and outcome.right and outcome.gained is not None
    assert outcome.gained.delta > 0.2
    assert workbench.try_mend(whole, 1, cause.mend, store).number == 2 and len(added) == 1, "it is there"
    with pytest.raises(StudyError, match="No other recipe mends this"):
        workbench.try_mend(whole, 1, Mend(kind="threshold", threshold=0.3, values={}), store)


def test_how_long_an_examination_takes_follows_from_what_the_files_take() -> None:
    study = workbench.sample_study()
    assert study is not None and study.original is not None and study.original.latency is not None
    by_step = {
        trial.recipe.steps[-1]["step"]: trial
        for trial in study.trials
        if trial.recipe.steps and trial.latency
    }
    whole, half = (
        workbench.examination_seconds(study, by_step["static_int8"].number, images) for images in (64, 32)
    )
    pruned = workbench.examination_seconds(study, by_step["fine_tuning"].number)
    assert whole is not None and half is not None and pruned is not None
    assert 6 < pruned < half < whole < 90
    untimed = dataclasses.replace(
        study, trials=tuple(dataclasses.replace(trial, latency=None) for trial in study.trials)
    )
    assert workbench.examination_seconds(untimed, by_step["static_int8"].number) is None


def _numbered(trials: list[TrialResult], first: int) -> list[TrialResult]:
    return [dataclasses.replace(each, number=first + place) for place, each in enumerate(trials)]


def test_the_shell_examines_a_file_beside_its_model(
    digits_file: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(
        [
            "--json",
            "--store",
            str(store.root),
            "doctor",
            str(digits_file),
            "--model",
            str(digits_file),
            "--data",
            "digits",
            "--images",
            "32",
        ]
    )
    told = json.loads(capsys.readouterr().out)
    assert (code, told["images"], told["loss"]["delta"]) == (0, 32, 0.0)
    assert {each["verdict"] for each in told["findings"]} == {"cleared", "not_checked"}
    assert (
        main(
            ["--store", str(store.root), "doctor", "no.onnx", "--model", str(digits_file), "--data", "digits"]
        )
        == 2
    )
    assert "no.onnx" in capsys.readouterr().err
