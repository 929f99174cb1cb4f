"""A file in the formats of all runtimes, measured by one errand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import reference_runtime
from edgeslim.jobs.errands import DeployFile, deploying
from edgeslim.ort import open_session
from edgeslim.progress import silent
from edgeslim.records import RecipeRecord
from edgeslim.runtime import MAIN, RUNTIMES
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench import deploy


@pytest.fixture
def study(case: Any, second_runtime: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StudyResult]:
    """A study of one file, which lies in the store; what is begun runs at once, in this process."""
    plan = StudyPlan(model=str(case.model), dataset="digits", limit=60, name="s")
    sha256 = case.store.put(case.model.read_bytes())
    trial = TrialResult(
        number=0,
        state="complete",
        recipe=RecipeRecord(),
        title="original",
        recipe_fingerprint="",
        model="linear",
        sha256=sha256,
    )
    only = {name: RUNTIMES.get(name) for name in (MAIN, "reference")}
    monkeypatch.setattr(deploying, "SECONDS", 0.0)
    monkeypatch.setattr(deploy, "plan_of", lambda *_: plan)
    monkeypatch.setattr(deploy.errand, "begin", lambda store, asked: asked.run(store, silent))
    with monkeypatch.context() as installed:  # ends before the second runtime does
        installed.setattr(RUNTIMES, "_items", only)
        yield StudyResult(
            name="s", state="complete", model="linear", dataset="digits", baseline=0, trials=(trial,)
        )


def test_a_second_format_follows_from_the_registry(
    case: Any, study: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = deploy.delivered(study, 0, case.store)
    assert [(each.runtime, each.measured) for each in before] == [(MAIN, "study"), ("reference", "")]
    deploy.begin_deploying(study, 0, case.store)
    main, other = deploy.delivered(study, 0, case.store)
    assert (main.measured, other.measured) == ("here", "here")
    assert main.figures is not None and other.figures is not None
    assert main.figures.accuracy is not None and other.figures.accuracy is not None
    assert main.figures.accuracy["images"] == other.figures.accuracy["images"] == 60
    assert main.figures.latency is not None and main.figures.latency.ratio == 1.0
    assert (
        other.figures.latency is not None
        and other.figures.latency.rounds == main.figures.latency.rounds == 30
    )
    assert other.figures.fidelity is not None and 10 < other.figures.fidelity["sqnr_db"] < 40
    assert [notice.code for notice in other.figures.notices] == ["coarse_weights"]

    assert other.figures.sha256 is not None
    content, name = deploy.delivered_file(study, 0, other, case.store)
    assert name == "linear-0.coarse" and content.startswith(reference_runtime.MAGIC)
    content, name = deploy.delivered_file(study, 0, main, case.store)
    assert name == "linear-0.onnx" and open_session(content).inputs[0].fixed_shape
    assert deploy.operators(study, 0, case.store)["Gemm"] == 1
    assert 'session.run(None, {"image": tensor})' in deploy.usage(study, 0, main, case.store)["python"]
    assert deploy.usage(study, 0, other, case.store) == {}

    with monkeypatch.context() as newer:  # another version of what converts may give other bytes
        newer.setattr(reference_runtime.Coarse, "version", lambda _: "2")
        assert [each.measured for each in deploy.delivered(study, 0, case.store)] == ["study", ""]
    case.store.path(other.figures.sha256, other.suffix).unlink()
    assert [each.measured for each in deploy.delivered(study, 0, case.store)] == ["study", ""]


def test_what_cannot_be_delivered_says_why_beside_the_others(
    case: Any, study: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGESLIM_TEST_RUNTIME", "refuses")
    deploy.begin_deploying(study, 0, case.store)
    main, other = deploy.delivered(study, 0, case.store)
    assert main.figures is not None and main.figures.error is None
    assert other.figures is not None and other.figures.error is not None
    assert other.figures.error.code == "ncnn_refused"


def test_the_errand_is_shared_by_all_who_ask_for_the_same(
    case: Any, study: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[DeployFile] = []
    monkeypatch.setattr(deploy.errand, "begin", lambda store, errand: asked.append(errand))
    deploy.begin_deploying(study, 0, case.store)
    deploy.begin_deploying(replace(study, name="t"), 0, case.store)
    assert asked[0].key == asked[1].key and asked[0].runtimes == (MAIN, "reference")
