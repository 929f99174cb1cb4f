"""What can go wrong while studies run.

Nothing is lost but the running stage, nothing is counted twice, it is told what happened, and resuming finishes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from typing import Any

import psutil
import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError

LONG = {"what": "sleep", "seconds": 60.0}


def states(study: dict[str, Any]) -> list[str]:
    return [trial.state for trial in study.trials]


def test_a_killed_worker_is_told_and_its_trial_can_be_tried_again(case, capsys):
    case.start({"change": 1.0, **LONG, "once": True}, {"change": 2.0}, {"change": 3.0})
    case.wait(lambda: 1.0 in case.ran() and workbench.study_status("s", case.store).done == 3, "the others")
    workers = [
        child
        for child in psutil.Process(case.pid()).children()
        if any("spawn_main" in word for word in child.cmdline())
    ]
    assert len(workers) == 2
    for worker in workers:
        worker.kill()
    study = case.finish()
    assert states(study) == ["complete", "failed", "complete", "complete"]
    assert study.trials[1].error.values == {"cause": "signal 9"}
    assert "signal 9" in case.shown(capsys)
    assert workbench.retry_study("s", case.store) == [4]
    study = case.finish()
    assert [trial.number for trial in study.trials] == [0, 2, 3, 4]
    assert set(states(study)) == {"complete"}
    assert Counter(case.ran()) == {1.0: 2, 2.0: 1, 3.0: 1}


def test_what_time_runs_out_for_is_told_and_the_rest_is_concluded(case):
    """The first named are made; the one at work is ended, and the last never begun."""
    case.start({"change": 1.0}, {"change": 2.0, **LONG}, {"change": 3.0}, workers=1, minutes=0.2)
    study = case.finish()
    assert study.state == "complete"
    assert states(study) == ["complete", "complete", "out_of_time", "out_of_time"]
    assert [trial.error and trial.error.code for trial in study.trials] == [None, None, *["out_of_time"] * 2]
    assert study.trials[2].error.values == {"minutes": "0.2"}
    assert all(trial.latency for trial in study.trials[:2])
    assert study.concluded == 2
    assert case.ran() == [1.0, 2.0]
    with pytest.raises(StudyError, match="Nothing is left"):
        workbench.resume_study("s", case.store)


def test_the_original_is_made_however_short_the_time(case):
    case.start({"change": 1.0}, workers=1, minutes=0.0001)
    study = case.finish()
    assert states(study) == ["complete", "out_of_time"]


def test_a_killed_supervisor_is_told_and_what_it_finished_is_kept(case, capsys):
    case.start({"change": 1.0}, {"change": 2.0, **LONG, "once": True}, {"change": 3.0})
    case.wait(lambda: 2.0 in case.ran() and workbench.study_status("s", case.store).done == 3, "the others")
    os.kill(case.pid(), signal.SIGKILL)
    case.wait(lambda: workbench.study_status("s", case.store).state == "interrupted", "the interruption")
    told = case.shown(capsys)
    assert "s: interrupted" in told
    assert "study resume s" in told
    workbench.resume_study("s", case.store)
    case.finish_without_repeats([1.0, 2.0, 3.0], repeated=1)


APP = """
import sys
from pathlib import Path
from edgeslim import workbench
from edgeslim.artifacts.store import Store
workbench.resume_study("s", Store(Path(sys.argv[1])))
print("started", flush=True)
input()
"""


@pytest.fixture
def planned(case: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starting a study in this case only plans it; other processes run it."""
    with monkeypatch.context() as patch:
        patch.setattr("edgeslim.jobs.supervisor.start", lambda *_: None)
        case.start({"change": 1.0, "what": "sleep", "seconds": 1.0}, {"change": 2.0})
    return case


def app(case: Any) -> subprocess.Popen[str]:
    """Another process that opens the store and goes on with the study, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", APP, str(case.store.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_study_goes_on_when_the_app_that_started_it_is_killed(planned):
    with app(planned) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        os.killpg(process.pid, signal.SIGKILL)
    planned.finish_without_repeats([1.0, 2.0])


def test_two_apps_on_one_store_run_a_study_once(planned):
    with app(planned) as first, app(planned) as second:
        outputs = [process.communicate("\n", timeout=60) for process in (first, second)]
    assert sorted(process.returncode for process in (first, second)) == [0, 1]
    refused = next(errors for _, errors in outputs if errors)
    assert "Study “s” is running. Wait for its end, or cancel it first." in refused
    planned.finish_without_repeats([1.0, 2.0])


CREATE = """
import sys, time
from pathlib import Path
from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.records import RecipeRecord
from edgeslim.studies import storage
from edgeslim.studies.storage import PlannedTrial
from edgeslim.studies.study import StudyPlan
import edgeslim.studies.journal
store, who, gate = Store(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3])
plan = StudyPlan(name="s", model=who, model_name=who, dataset="d", dataset_name="d", created="")
trials = [PlannedTrial(RecipeRecord(), who, who)] * 20
print("ready", flush=True)
while not gate.exists():
    pass
try:
    storage.create(store, plan, trials)
    print("made")
except StudyError as error:
    print(error.code)
"""


def test_of_two_studies_with_one_name_made_at_once_one_is_whole_and_one_is_refused(tmp_path):
    gate, store = tmp_path / "gate", Store(tmp_path / "store")
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", CREATE, str(store.root), who, str(gate)], stdout=subprocess.PIPE, text=True
        )
        for who in ("a", "b")
    ]
    for maker in makers:
        assert maker.stdout is not None
        assert maker.stdout.readline() == "ready\n"
    gate.touch()
    outcomes = {who: maker.communicate()[0].strip() for who, maker in zip("ab", makers, strict=True)}
    assert sorted(outcomes.values()) == ["made", "study_exists"]
    study = workbench.study_result("s", store)
    assert outcomes[study.model] == "made"
    assert [trial.title for trial in study.trials] == [study.model] * 20
    assert os.listdir(store.root / "studies") == ["s"]


START = """
import sys
from pathlib import Path
from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.jobs import supervisor
from edgeslim.studies.study import StudyPlan
import edgeslim.studies.journal, edgeslim.models.library
supervisor.start = lambda *_: None
store, model, pictures, gate = sys.argv[1:]
print("ready", flush=True)
while not Path(gate).exists():
    pass
print(workbench.start_study(StudyPlan(model=model, dataset=pictures), store=Store(Path(store))))
"""


def test_two_studies_without_a_name_started_at_once_get_two_names(case, tmp_path):
    gate = tmp_path / "gate"
    command = [sys.executable, "-c", START, case.store.root, case.model, case.pictures, gate]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for starter in starters:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "ready\n"
    gate.touch()
    names = {starter.communicate()[0].strip() for starter in starters}
    assert len(names) == 2
    assert {study.name for study in workbench.list_studies(case.store)} == names


def test_a_trial_that_hangs_is_stopped_told_and_leaves_the_others_alone(case, capsys):
    case.start({"change": 1.0, "what": "hang", "seconds": 600.0}, {"change": 2.0}, trial_minutes=0.1)
    study = case.finish()
    assert (study.state, states(study)) == ("complete", ["complete", "failed", "complete"])
    error = study.trials[1].error
    assert (error.code, error.values) == ("trial_timeout", {"minutes": "0.1"})
    assert "took longer than 0.1 minutes" in case.shown(capsys)


def test_a_trial_that_eats_memory_is_stopped_told_and_leaves_the_others_alone(case, capsys):
    case.start({"change": 1.0, "what": "eat", "seconds": 600.0}, {"change": 2.0}, trial_memory=1_000_000_000)
    study = case.finish()
    assert (study.state, states(study)) == ("complete", ["complete", "failed", "complete"])
    error = study.trials[1].error
    assert (error.code, error.values) == ("trial_memory", {"limit": "1 GB"})
    assert "needed more than 1 GB of memory" in case.shown(capsys)
