"""Studies in two runtimes: the second is the tests' own, which real worker processes know by its name alone."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from typing import Any

import numpy as np
import onnx
import pytest

import reference_runtime
from edgeslim import workbench
from edgeslim.cli.main import main
from edgeslim.errors import EdgeSlimError
from edgeslim.jobs.supervisor import load
from edgeslim.metrics.size import download_bytes
from edgeslim.models.spec import spec_from_json
from edgeslim.records import RecipeRecord, decoded
from edgeslim.runtime import MAIN, ONNXRUNTIME
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import choose
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.tasks import task_for
from linear_digits import SPEC

pytestmark = pytest.mark.usefixtures("second_runtime")


def accuracy(case: Any, session: Any, images: int = 60) -> float:
    """Share of the first images that a session classifies as they are labelled."""
    from edgeslim.datasets import open_dataset

    split, spec = open_dataset("digits", case.store).split("validation"), spec_from_json(SPEC)
    prepare = task_for(spec).prepare
    tensors = [prepare(split.image(index), spec).tensor for index in range(images)]
    found = [int(session.run(tensor)[0].argmax()) for tensor in tensors]
    return float(np.mean([found[index] == split.target(index) for index in range(images)]))


def test_a_study_measures_every_file_in_every_runtime(case):
    case.start({"change": 1.0}, {"change": 5.0}, data="digits", runtimes=("reference",))
    case.finish()
    study = load(case.store, "s")
    assert (study.state, study.error) == ("complete", None)
    assert [trial.state for trial in study.trials] == ["complete"] * 3
    for trial in study.trials:
        assert set(trial.runtimes) == {"reference"}
        found = trial.in_runtime("reference")
        assert (found.format, found.suffix, found.version) == ("coarse", ".coarse", onnx.__version__)
        assert found.error is None
        assert [notice.code for notice in found.notices] == ["coarse_weights"]
        path = case.store.path(found.sha256, found.suffix)
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() == found.sha256
        assert (found.bytes, found.download) == (len(content), download_bytes(content))
        model = onnx.load_model_from_string(zlib.decompress(content.removeprefix(reference_runtime.MAGIC)))
        assert model.graph.node[-1].op_type == "Gemm"
        assert found.accuracy["top1"] == accuracy(case, reference_runtime.Reference().open(path))
        assert trial.accuracy["top1"] == accuracy(case, ONNXRUNTIME.open(case.store.path(trial.sha256)))
        assert found.latency.rounds == 30
        assert found.latency.ratio != trial.latency.ratio
    baseline = study.trials[0].in_runtime("reference")
    assert 10 < baseline.fidelity["sqnr_db"] < 40, "against the original in onnxruntime, not against itself"
    assert study.trials[0].fidelity["sqnr_db"] > 140
    assert study.environment["reference"] == onnx.__version__
    assert study.environment["reference options"] == "verbose=0"
    assert "session.x64quantprecision=" in study.environment["onnxruntime options"]


def test_a_study_in_two_runtimes_reads_back_as_it_was_written(case):
    case.start({"change": 1.0}, runtimes=("reference",))
    case.finish()
    study = load(case.store, "s")
    again = StudyResult.from_json(study.to_json())
    assert again.trials == study.trials
    assert again.trials[1].runtimes["reference"].latency.median_ms > 0
    own = study.trials[1].in_runtime(MAIN)
    assert (own.sha256, own.latency, own.bytes) == (
        study.trials[1].sha256,
        study.trials[1].latency,
        os.path.getsize(study.trials[1].file),
    )
    assert list(study.trials[1].delivered) == [MAIN, "reference"]
    assert workbench.check_study("s", case.store) == []


def test_delivered_files_outlive_throwing_away_and_a_lost_one_is_made_again(case):
    case.start({"change": 1.0}, {"change": 2.0}, runtimes=("reference",))
    case.finish()
    first = load(case.store, "s").trials
    delivered = [case.store.path(trial.delivered["reference"], ".coarse") for trial in first]
    workbench.collect_garbage(case.store, max_bytes=0)
    assert all(path.exists() for path in delivered)
    delivered[1].unlink()
    workbench.extend_study("s", [case.recipe({"change": 3.0})], case.store)
    case.finish()
    workbench.collect_garbage(case.store, max_bytes=0)
    case.start({"change": 1.0}, name="again", runtimes=("reference",))
    case.finish("again")
    assert load(case.store, "again").trials[1].delivered == first[1].delivered
    assert delivered[1].exists()


def test_a_search_measures_in_other_runtimes_what_it_measures_fully(case):
    plan = StudyPlan(
        model=str(case.model), dataset=str(case.pictures), name="s", workers=2, runtimes=("reference",)
    )
    workbench.start_study(plan, search=SearchRun(sampler="random", trials=3), store=case.store)
    case.finish()
    study = load(case.store, "s")
    assert (study.state, study.error) == ("complete", None)
    complete = [trial for trial in study.trials if trial.state == "complete"]
    assert len(complete) > 1
    assert all(trial.in_runtime("reference").latency.rounds == 30 for trial in complete)


def test_what_cannot_be_delivered_says_why_and_keeps_its_other_figures(case, monkeypatch):
    monkeypatch.setenv("EDGESLIM_TEST_RUNTIME", "refuses")
    case.start({"change": 1.0}, runtimes=("reference",))
    case.finish()
    for trial in load(case.store, "s").trials:
        assert (trial.state, trial.error) == ("complete", None)
        found = trial.in_runtime("reference")
        assert found.error.code == "ncnn_refused"
        assert (found.sha256, found.bytes, found.latency, found.fidelity) == (None, None, None, None)
        assert list(trial.delivered) == [MAIN]
        assert trial.latency.rounds == 30


def test_a_budget_in_the_other_runtime_is_kept_in_a_study_and_named(case, capsys):
    budget = Budget.of(**{"download.reference": 1.0})
    case.start({"change": 1.0}, runtimes=("reference",), budget=budget)
    case.finish()
    shown = case.shown(capsys)
    assert "latency ratio.reference" in shown
    study = load(case.store, "s")
    assert {trial.missed for trial in study.trials} == {("over_download.reference",)}
    assert choose(study, study.budget).pick is None
    with pytest.raises(EdgeSlimError) as caught:
        case.start({"change": 1.0}, name="other", budget=budget)
    assert caught.value.code == "limit_runtime"


def test_the_shell_measures_and_delivers_in_the_other_runtime(case, tmp_path, capsys):
    asked = ["--model", str(case.model), "--data", "digits", "--limit", "60", "--runtime", "reference"]
    asked += ["--json", "--store", str(case.store.root)]
    assert main(["evaluate", *asked]) == 0
    measured = decoded(TrialResult, json.loads(capsys.readouterr().out))
    found = measured.in_runtime("reference")
    path = case.store.path(found.sha256, ".coarse")
    assert found.accuracy["top1"] == accuracy(case, reference_runtime.Reference().open(path))
    assert found.latency.rounds == measured.latency.rounds == 30

    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps(case.recipe({"change": 1.0}).to_json()))
    assert main(["compress", *asked, "--recipe", str(recipe), "--out", str(tmp_path / "out")]) == 0
    made = decoded(TrialResult, json.loads(capsys.readouterr().out))
    (delivered,) = (tmp_path / "out").glob("*-reference.coarse")
    assert hashlib.sha256(delivered.read_bytes()).hexdigest() == made.delivered["reference"]
    assert main(["evaluate", *asked[:-4], "nothing", *asked[-2:]]) == 2
    assert "no runtime named “nothing”" in capsys.readouterr().err


def test_a_study_in_a_runtime_that_is_not_there_does_not_start(case):
    with pytest.raises(EdgeSlimError, match="no runtime named “referense”"):
        case.start({"change": 1.0}, runtimes=("referense",))
    assert workbench.list_studies(case.store) == []


def test_older_plans_and_trials_have_one_runtime():
    plan = StudyPlan(model="m", dataset="d", name="s")
    older = {key: value for key, value in plan.to_json().items() if key != "runtimes"}
    assert StudyPlan.from_json(older) == plan
    assert plan.runtimes == (MAIN,)
    trial = TrialResult(
        number=0, state="waiting", recipe=RecipeRecord(), title="", recipe_fingerprint="", model="m"
    )
    older = {key: value for key, value in trial.to_json().items() if key != "runtimes"}
    assert TrialResult.from_json(older) == trial
    assert trial.in_runtime(MAIN) is None
    assert trial.in_runtime("reference") is None
