"""Studies run by real processes: what they measure, share, survive and refuse."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections import Counter

import psutil
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.studies.study import StudyResult
from edgeslim.studies.trial import TrialResult

SLEEP = {"what": "sleep", "seconds": 3.0}


def by_number(study: StudyResult) -> dict[int, TrialResult]:
    return {trial.number: trial for trial in study.trials}


def assert_sound(store: Store) -> None:
    """Every file in the store is what its name says."""
    files = list((store.root / "blobs").rglob("*.onnx"))
    assert files
    for file in files:
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.stem


def test_every_recipe_is_measured_against_the_baseline(case):
    name = case.start({"change": 1.0}, {"change": 5.0}, {"change": 1.0}, data="digits")
    study = case.finish(name)
    assert (study.state, study.images, study.baseline, study.name) == ("complete", 60, 0, "s")
    assert [(t.number, t.state, t.error) for t in study.trials] == [
        (0, "complete", None),
        (1, "complete", None),
        (2, "complete", None),
    ]
    baseline, first, second = study.trials
    assert baseline.accuracy["paired_delta"] == 0.0
    assert baseline.accuracy["top1"] > 0.8
    assert baseline.latency.ratio == 1.0
    assert first.latency.rounds == 30
    assert first.stages[0].step == "act"
    assert len({trial.sha256 for trial in study.trials}) == 3
    assert first.fidelity["sqnr_db"] > second.fidelity["sqnr_db"] > 0
    assert first.sizes.file == os.path.getsize(first.file)
    assert study.environment["onnxruntime"]
    assert 0 in study.front or 1 in study.front
    assert sorted(case.ran()) == [1.0, 5.0]


def test_a_shared_prefix_is_computed_once(case):
    case.start(
        [{"change": 1.0, **SLEEP}, {"change": 2.0}],
        [{"change": 1.0, **SLEEP}, {"change": 3.0}],
        [{"change": 1.0, **SLEEP}],
        [{"change": 4.0, **SLEEP}],
    )
    study = case.finish()
    assert Counter(case.ran()) == {1.0: 1, 2.0: 1, 3.0: 1, 4.0: 1}
    assert [trial.state for trial in study.trials] == ["complete"] * 5
    assert case.ran()[:2] in ([1.0, 4.0], [4.0, 1.0]), "nobody waits for the prefix while other work is ready"


def test_progress_is_told_for_each_trial_and_results_before_the_end(case):
    case.start({"change": 1.0}, {"change": 2.0, "what": "sleep", "seconds": 60.0})
    seen = []

    def told() -> bool:
        status = workbench.study_status("s", case.store)
        seen.append(status)
        at_work = status.progress.get(2)
        return at_work is not None and (at_work.message, at_work.total, status.done) == ("act", 1200, 2)

    case.wait(told, "progress of trial 2")
    trials = by_number(workbench.study_result("s", case.store))
    assert trials[2].state == "running"
    assert trials[2].progress.total == 1200
    assert trials[1].state == "running"
    assert trials[1].fidelity["agreement"] > 0.5
    assert trials[1].latency is None
    assert {status.phase for status in seen} <= {"preparing", "trials"}


def test_a_failed_recipe_does_not_stop_the_others(case):
    case.start(
        {"change": 1.0, "what": "raise"},
        {"change": 2.0, "what": "infeasible"},
        {"change": 3.0},
        [{"change": 1.0, "what": "raise"}, {"change": 4.0}],
    )
    study = case.finish()
    assert study.state == "complete"
    assert [trial.state for trial in study.trials] == [
        "complete",
        "failed",
        "infeasible",
        "complete",
        "failed",
    ]
    assert study.trials[1].error.code == "unexpected"
    assert "a defect" in str(study.trials[1].error)
    assert study.trials[2].error.values == {"limit": "3"}
    assert case.ran().count(1.0) == 1
    assert "RuntimeError: a defect" in (case.store.root / "studies/s/log.txt").read_text()


def test_a_killed_worker_process_costs_its_own_trial_and_can_be_retried(case):
    case.start({"change": 1.0, "what": "die", "once": True}, {"change": 2.0, **SLEEP})
    study = case.finish()
    assert [trial.state for trial in study.trials] == ["complete", "failed", "complete"]
    assert study.trials[1].error.code == "worker_died"
    assert case.ran().count(2.0) == 1
    assert workbench.retry_study("s", case.store) == [3]
    study = case.finish()
    assert [(t.number, t.state) for t in study.trials] == [
        (0, "complete"),
        (2, "complete"),
        (3, "complete"),
    ]
    with pytest.raises(StudyError, match="No trial of study “s” failed"):
        workbench.retry_study("s", case.store)


def test_after_sigkill_in_the_middle_resume_finishes_the_rest_and_repeats_nothing(case):
    recipes = [
        [{"change": 1.0 * i}, {"change": 0.1 * i, "what": "sleep", "seconds": 1.0}] for i in range(1, 6)
    ]
    case.start(*recipes)
    case.wait(lambda: workbench.study_status("s", case.store).done >= 3, "three finished trials")
    workers = psutil.Process(case.pid()).children(recursive=True)
    os.kill(case.pid(), signal.SIGKILL)
    assert psutil.wait_procs(workers, timeout=10)[1] == [], "orphans"
    case.wait(lambda: workbench.study_status("s", case.store).state == "interrupted", "interruption")
    assert_sound(case.store)
    before = {t.number: t for t in workbench.study_result("s", case.store).trials if t.sha256}
    ran_before = Counter(case.ran())
    assert len(before) >= 3

    workbench.resume_study("s", case.store)
    study = case.finish()
    assert study.state == "complete"
    assert [(t.number, t.state) for t in study.trials] == [(i, "complete") for i in range(6)]
    for number, trial in before.items():
        after = by_number(study)[number]
        kept = (trial.sha256, trial.seconds, trial.fidelity)
        assert (after.sha256, after.seconds, after.fidelity) == kept
    running_then = 2
    ran = Counter(case.ran())
    repeated = [change for change, times in ran.items() if times > 1]
    assert len(repeated) <= running_then
    assert all(ran_before[change] == 1 for change in repeated)
    assert max(ran.values()) <= 2
    assert_sound(case.store)
    assert workbench.check_study("s", case.store) == []


def test_cancel_ends_all_processes_keeps_results_and_can_be_resumed(case):
    case.start({"change": 1.0}, {"change": 2.0, "what": "sleep", "seconds": 20.0, "once": True})
    case.wait(lambda: 2.0 in case.ran(), "the long step")
    case.wait(lambda: workbench.study_status("s", case.store).done == 2, "the short trials")
    process = psutil.Process(case.pid())
    family = [process, *process.children(recursive=True)]
    workbench.cancel_study("s", case.store)
    assert psutil.wait_procs(family, timeout=10)[1] == []
    study = workbench.study_result("s", case.store)
    assert study.state == "cancelled"
    assert [trial.state for trial in study.trials] == ["cancelled"] * 3
    assert by_number(study)[1].fidelity["agreement"] > 0.5
    with pytest.raises(StudyError, match="not running"):
        workbench.cancel_study("s", case.store)
    workbench.resume_study("s", case.store)
    assert [trial.state for trial in case.finish().trials] == ["complete"] * 3
    assert case.ran().count(1.0) == 1


def test_a_running_study_cannot_be_started_deleted_or_extended(case):
    case.start({"change": 1.0, "what": "sleep", "seconds": 60.0})
    for act in (workbench.resume_study, workbench.delete_study, workbench.retry_study):
        with pytest.raises(StudyError) as caught:
            act("s", case.store)
        assert caught.value.code == "study_running"
    with pytest.raises(StudyError) as caught:
        case.start({"change": 1.0})
    assert caught.value.code == "study_exists"


def test_a_second_process_for_one_study_refuses_to_run(case):
    case.start({"change": 1.0, "what": "sleep", "seconds": 60.0})
    case.wait(lambda: 1.0 in case.ran(), "the step")
    command = [
        sys.executable,
        "-m",
        "edgeslim.jobs.worker",
        "--store",
        str(case.store.root),
        "--study",
        "s",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "already being run" in done.stderr
    assert workbench.study_status("s", case.store).state == "running"


def test_a_full_disk_stops_the_study_which_resumes_when_there_is_space(case):
    case.start({"change": 1.0, "what": "fill_disk", "once": True}, {"change": 2.0}, workers=1)
    study = case.finish()
    assert (study.state, study.error.code) == ("failed", "disk_full")
    assert_sound(case.store)
    workbench.resume_study("s", case.store)
    study = case.finish()
    assert (study.state, study.error) == ("complete", None)
    assert [trial.state for trial in study.trials] == ["complete"] * 3


def test_recipes_can_be_added_to_a_finished_study(case):
    case.start({"change": 1.0})
    before = by_number(case.finish())
    recipes = [case.recipe({"change": change}) for change in (1.0, 2.0)]
    assert workbench.extend_study("s", recipes, case.store) == [2]
    after = by_number(case.finish())
    assert after[2].state == "complete"
    assert (after[0], after[1]) == (before[0], before[1])
    with pytest.raises(StudyError, match="Nothing is left"):
        workbench.resume_study("s", case.store)


def test_a_deleted_study_is_gone_and_its_name_is_free(case):
    case.start({"change": 1.0})
    case.finish()
    workbench.delete_study("s", case.store)
    assert workbench.list_studies(case.store) == []
    with pytest.raises(StudyError, match="There is no study"):
        workbench.study_result("s", case.store)
    case.start({"change": 1.0})
    assert case.finish().state == "complete"
    assert case.ran() == [1.0], "its files were kept"


def test_data_that_cannot_be_used_fails_the_study_before_anything_is_spent(case):
    for picture in list(case.pictures.iterdir()):
        picture.rename(picture.with_name("broken.png")).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    case.start({"change": 1.0})
    study = case.finish()
    assert study.state == "failed"
    assert "broken.png" in str(study.error)
    assert case.ran() == []
