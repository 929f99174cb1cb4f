"""Timing a study's files on this machine, and making one of them again."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.jobs import errand, errand_worker, launching, supervisor
from edgeslim.jobs.errand import ErrandStatus
from edgeslim.jobs.errands import MakeFile, TimeFiles
from edgeslim.progress import silent
from edgeslim.records import Latency
from edgeslim.studies import storage, timing
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench.errands import plan_of
from edgeslim.workbench.flips import flips_of, flips_status

OWN = Latency(7.0, 8.0, 1.0, (0.9, 1.1), 30)
RECIPE = {"name": "", "seed": 0, "steps": [{"step": "magnitude_pruning", "sparsity": 0.5}]}


@pytest.fixture(autouse=True)
def ended_processes() -> Iterator[None]:
    """No process of a test outlives it."""
    yield
    for process in launching.STARTED:
        process.wait(60)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def trial(number: int, sha256: str | None, recipe: dict[str, object] | None = None) -> TrialResult:
    return TrialResult.from_json(
        {
            "number": number,
            "state": "complete",
            "recipe": recipe or {"name": "", "seed": 0, "steps": []},
            "title": str(number),
            "recipe_fingerprint": str(number),
            "model": "m",
            "sha256": sha256,
            "sizes": {"file": 100, "download": 90},
            "latency": {
                "median_ms": 7.0,
                "p95_ms": 8.0,
                "ratio": 1.0,
                "ratio_ci95": [0.9, 1.1],
                "rounds": 30,
            },
        }
    )


def study_of(*trials: TrialResult, name: str = "own") -> StudyResult:
    environment = {"cpu": "another processor", "cores": "4", "flags": "avx2", "onnxruntime": "1.0"}
    return StudyResult(
        name=name,
        state="complete",
        model="m",
        dataset="digits",
        baseline=0,
        trials=trials,
        environment=environment,
    )


def ended(look: Callable[[], ErrandStatus | None]) -> ErrandStatus:
    while (status := look()) is not None and status.state == "running":
        time.sleep(0.05)
    assert status is not None
    return status


def test_files_are_timed_in_a_process_of_their_own_and_both_timings_are_kept(
    store: Store, digits_file: Path, own_machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = digits_file.read_bytes()
    study = study_of(trial(0, store.put(content)), trial(1, "f" * 64))
    assert workbench.timing_status(study, store) is None
    assert workbench.timing_version(study, store) is None
    workbench.time_study(study, store)
    assert ended(lambda: workbench.timing_status(study, store)).state == "complete"
    found = workbench.timing_here(study, store)
    assert found is not None
    assert set(found.latencies) == {study.trials[0].sha256}, "the other file is not here"
    assert found.latencies[study.trials[0].sha256 or ""].rounds >= 30
    here = timing.retimed(study, found)
    assert here.trials[0].latency == found.latencies[study.trials[0].sha256 or ""]
    assert here.trials[1].latency is None
    assert here.environment["cpu"] == found.environment["cpu"] != "another processor"
    assert study.trials[0].latency == OWN, "the study's own"
    first = workbench.timing_version(study, store)
    timing.keep(store, timing.content_of(study), {})
    assert workbench.timing_version(study, store) != first
    assert first in store.keys(f"timings/{timing.content_of(study)}")


def test_a_timing_belongs_to_the_files_and_to_the_machine(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_of(trial(0, "a" * 64), trial(1, "b" * 64))
    timing.keep(store, timing.content_of(study), {"a" * 64: OWN})
    same = study_of(trial(0, "b" * 64), trial(1, "a" * 64), name="of another name")
    assert workbench.timing_here(same, store) is not None
    assert workbench.timing_here(study_of(trial(0, "a" * 64)), store) is None
    monkeypatch.setattr(timing, "environment", lambda: {"cpu": "moved elsewhere"})
    assert workbench.timing_here(study, store) is None


def test_who_asks_for_what_runs_already_shares_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that sleeps stands for the errand's."""
    begun: list[subprocess.Popen[bytes]] = []

    def launch(*asked: object, **variables: str) -> int:
        begun.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        return begun[-1].pid

    monkeypatch.setattr(errand, "launch", launch)
    asked = TimeFiles(who="s", key="c", files=("a" * 64,))
    for _ in range(3):
        errand.begin(store, asked)
    assert len(begun) == 1
    begun[0].kill()
    begun[0].wait()
    found = errand.status(store, asked.key)
    assert found is not None and found.state == "interrupted"
    errand.begin(store, asked)
    assert len(begun) == 2
    begun[1].kill()
    begun[1].wait()


def test_without_the_original_nothing_can_be_timed(store: Store) -> None:
    with pytest.raises(StudyError) as caught:
        workbench.time_study(study_of(trial(0, "a" * 64)), store)
    assert caught.value.code == "original_missing"


def test_a_file_made_again_is_the_one_that_was_measured(
    store: Store, tmp_path: Path, digits_file: Path, own_machine: None
) -> None:
    plan = StudyPlan(
        name="own", model=str(digits_file), model_name="m", dataset="digits", dataset_name="digits"
    )
    storage.create(store, plan, [])
    other = Store(tmp_path / "other")
    [made] = workbench.compress(
        digits_file, "digits", [workbench.read_recipe(RECIPE)], tmp_path / "out", limit=20, store=other
    )
    study = study_of(trial(0, None), trial(1, made.sha256, RECIPE), trial(2, "c" * 64, RECIPE))
    assert workbench.making_status(study, 1, store) is None
    workbench.make_again(study, 1, store)
    assert ended(lambda: workbench.making_status(study, 1, store)).state == "complete"
    assert made.sha256 is not None
    assert workbench.artifact_bytes(made.sha256, store) == workbench.artifact_bytes(made.sha256, other)
    asked = MakeFile(who="own", plan=plan, recipe=study.trials[2].recipe, sha256="c" * 64)
    with pytest.raises(StudyError) as caught:
        asked.run(store, silent)
    assert caught.value.code == "other_bytes"
    assert caught.value.values["made"] == made.sha256[:12]
    with pytest.raises(StudyError, match="never had a file"):
        workbench.make_again(study, 0, store)


def test_the_time_left_follows_from_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.0, 110.0])
    teller = errand_worker._Teller(tmp_path)
    monkeypatch.setattr(errand_worker.time, "monotonic", lambda: next(clock))
    for done in (0, 0, 25):
        teller("latency", done, 100)
    written = (tmp_path / "status.json").read_text()
    assert '"left": 30.0' in written, "25 took 10 seconds, so 75 take 30"


def test_files_are_run_on_images_in_a_process_of_their_own_with_what_this_one_would_have_found(
    store: Store, digits_file: Path
) -> None:
    sha256, images = store.put(digits_file.read_bytes()), workbench.Images("digits", held_out=None, most=40)
    asked = (sha256, images, "digits-mlp")
    assert workbench.kept_predictions(*asked, store=store) is None
    assert workbench.seeing_status(*asked, store=store) is None
    workbench.see("own", *asked, store=store)
    assert ended(lambda: workbench.seeing_status(*asked, store=store)).state == "complete"
    found = workbench.kept_predictions(*asked, store=store)
    assert found is not None and len(found) == 40
    another = Store(store.root.parent / "another")
    another.put(digits_file.read_bytes())
    here = workbench.predictions(*asked, store=another)
    assert all(np.array_equal(one, other) for one, other in zip(found, here, strict=True))
    assert workbench.seeing_status(sha256, workbench.Images("digits"), "digits-mlp", store=store) is None


def test_a_study_asked_again_and_again_is_read_once_until_its_journal_changes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.create(store, StudyPlan(name="own", model="digits-mlp", dataset="digits"), [])
    study, read, asked = study_of(trial(0, "a" * 64)), storage.read_plan, []
    monkeypatch.setattr(storage, "read_plan", lambda *given: asked.append(given) or read(*given))
    for _ in range(3):
        assert flips_of(study, 0, store) is None and flips_status(study, 0, store) is None
    assert len(asked) == 1
    spec = workbench.model_spec("digits-mlp", store=store)
    supervisor.pin_spec(store, "own", spec)
    assert plan_of(study, store).spec == spec and len(asked) == 2
