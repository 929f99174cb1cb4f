"""Studies on disk: what is written is read, nothing is counted twice, and a torn journal heals."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.errors import StoreError, StudyError
from edgeslim.studies import storage
from edgeslim.studies.storage import PlannedTrial, StudyJournal
from edgeslim.studies.study import StudyPlan, StudyResult

RESULT = {
    "sha256": "ab" * 32,
    "sizes": {"file": 1200, "download": 1000, "entropy_bound": 900},
    "accuracy": {"mAP": 0.5},
    "primary_metric": "mAP",
    "seconds": 1.5,
    "environment": {"cpu": "x"},
}
ERROR = {"code": "c", "problem": "p", "remedy": "r", "values": {}}


@pytest.fixture(params=["journal", "database"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Whatever studies are kept in, they are kept alike."""
    return Store(tmp_path, f"sqlite:///{tmp_path}/all.db" if request.param == "database" else None)


def planned(title: str, *steps: str) -> PlannedTrial:
    recipe = {"name": title, "seed": 0, "steps": [{"step": step} for step in steps]}
    return PlannedTrial(recipe, title, f"fp-{title}")


def make(store: Store, *titles: str, name: str = "one") -> StudyJournal:
    plan = StudyPlan(
        name=name, model="m", model_name="m", dataset="d", dataset_name="d", created="2026-01-01T00:00:00Z"
    )
    storage.create(store, plan, [planned("float32"), *(planned(title, "x") for title in titles)])
    return StudyJournal(store, name)


def test_a_new_study_waits_and_its_baseline_is_trial_0(store: Store):
    make(store, "a", "b")
    study = storage.read(store, "one")
    assert [(t.number, t.title, t.state) for t in study.trials] == [
        (0, "float32", "waiting"),
        (1, "a", "waiting"),
        (2, "b", "waiting"),
    ]
    assert study.baseline == 0
    assert study.front == []
    assert storage.names(store) == ["one"]


def test_a_measured_trial_shows_before_its_latency_and_completes_with_it(store: Store):
    journal = make(store)
    journal.start(0)
    journal.record(0, RESULT)
    running = storage.read(store, "one", "running").trials[0]
    assert (running.state, running.sizes["download"], running.latency) == ("running", 1000, None)
    assert running.file == str(store.path(RESULT["sha256"]))
    journal.complete(0, {"ratio": 1.0}, (0.5, 1000.0))
    study = storage.read(store, "one", "complete")
    assert (study.trials[0].state, study.trials[0].latency) == ("complete", {"ratio": 1.0})
    assert study.front == [0]


def test_failed_and_infeasible_are_stored_as_themselves(store: Store):
    journal = make(store, "a", "b")
    journal.fail(1, "failed", ERROR)
    journal.fail(2, "infeasible", ERROR)
    trials = storage.read(store, "one").trials
    assert [t.state for t in trials] == ["waiting", "failed", "infeasible"]
    assert trials[1].error == ERROR


def test_a_trial_that_replaces_a_failed_one_is_counted_once(store: Store):
    journal = make(store, "a")
    journal.fail(1, "failed", ERROR)
    assert journal.add([PlannedTrial({"steps": [{"step": "x"}]}, "a", "fp-a", replaces=1)]) == [2]
    assert [(t.number, t.state) for t in storage.read(store, "one").trials] == [
        (0, "waiting"),
        (2, "waiting"),
    ]


def test_unfinished_trials_of_a_cancelled_study_are_cancelled(store: Store):
    make(store, "a").start(0)
    assert [t.state for t in storage.read(store, "one", "cancelled").trials] == ["cancelled", "cancelled"]
    assert [t.state for t in storage.read(store, "one", "interrupted").trials] == ["waiting", "waiting"]
    assert [t.state for t in storage.read(store, "one", "running").trials] == ["running", "waiting"]


def test_progress_belongs_to_running_studies(store: Store):
    make(store).start(0)
    now = {0: {"message": "fine_tuning", "done": 3, "total": 9}}
    assert storage.read(store, "one", "running", now).trials[0].progress == now[0]
    assert storage.read(store, "one", "interrupted", now).trials[0].progress is None


def test_a_study_goes_through_json_unchanged(store: Store):
    journal = make(store, "a")
    journal.start(0)
    journal.record(0, RESULT)
    journal.note(images=300)
    study = storage.read(store, "one", "running")
    data = json.loads(json.dumps(study.to_json()))
    assert data["front"] == [0]
    assert data["images"] == 300
    assert StudyResult.from_json(data).to_json() == data


def test_a_line_torn_by_a_killed_writer_is_dropped_and_the_study_goes_on(tmp_path: Path):
    store = Store(tmp_path)
    make(store, "a").start(0)
    path = tmp_path / "studies" / "one" / "journal.log"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"op_code":6,"worker_id":"x","trial_')
    assert [t.state for t in storage.read(store, "one", "running").trials] == ["running", "waiting"]
    journal = StudyJournal(store, "one")
    assert path.read_bytes() == whole
    journal.start(1)
    assert [t.state for t in storage.read(store, "one", "running").trials] == ["running", "running"]


def test_damage_in_the_middle_is_told(tmp_path: Path):
    store = Store(tmp_path)
    make(store, "a")
    path = tmp_path / "studies" / "one" / "journal.log"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\x00garbage\n" + b"".join(lines[1:]))
    with pytest.raises(StudyError, match="damaged") as caught:
        storage.read(store, "one")
    assert caught.value.code == "study_damaged"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "..", ".hidden", "UPPER", "a b", "x" * 81, "a\n", "ä"])
def test_names_that_are_no_slug_are_refused(tmp_path: Path, name: str):
    with pytest.raises(StudyError) as caught:
        storage.read(Store(tmp_path), name)
    assert caught.value.code == "study_name"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_study_and_a_second_of_the_same_name_are_told(store: Store):
    with pytest.raises(StudyError) as caught:
        storage.read(store, "nothing")
    assert caught.value.code == "no_study"
    make(store)
    with pytest.raises(StudyError) as caught:
        make(store)
    assert caught.value.code == "study_exists"


def test_a_killed_holder_of_the_journal_lock_does_not_stop_others(tmp_path: Path):
    store = Store(tmp_path)
    journal = make(store)
    lock = tmp_path / "studies" / "one" / "journal.lock"
    code = f"import filelock; filelock.FileLock({str(lock)!r}).acquire(); print(1, flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
    journal.start(0)
    assert storage.read(store, "one", "running").trials[0].state == "running"


def test_a_full_disk_leaves_the_journal_whole(tmp_path: Path):
    """In a process whose files may not grow: the kernel's own refusal, not a pretended one."""
    store = Store(tmp_path)
    make(store, "a")
    path = tmp_path / "studies" / "one" / "journal.log"
    whole = path.read_bytes()
    code = f"""
import resource, signal
from pathlib import Path
from edgeslim.artifacts.store import Store
from edgeslim.errors import StoreError
from edgeslim.studies.storage import StudyJournal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = StudyJournal(Store(Path({str(tmp_path)!r})), "one")
journal.start(0)
resource.setrlimit(resource.RLIMIT_FSIZE, ({len(whole) + 400}, {len(whole) + 400}))
try:
    journal.record(0, {{"text": "x" * 10_000}})
except StoreError as error:
    print(error.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True
    )
    assert done.stdout.strip() == "not_writable"
    assert path.read_bytes().startswith(whole)
    assert path.read_bytes().endswith(b"\n")
    assert storage.read(store, "one", "running").trials[0].state == "running"


def test_reading_a_study_needs_neither_torch_nor_onnxruntime(tmp_path: Path):
    code = f"""
import sys
from pathlib import Path
from edgeslim.artifacts.store import Store
from edgeslim.studies import storage
storage.read(Store(Path({str(tmp_path)!r})), "one")
print(sorted({{"torch", "onnxruntime", "onnx", "sklearn", "scipy"}} & set(sys.modules)))
"""
    make(Store(tmp_path), *(f"t{i}" for i in range(50)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_study_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("edgeslim.studies.journal.os.fsync", full)
    with pytest.raises(StoreError) as caught:
        make(Store(tmp_path))
    assert caught.value.code == "disk_full"
    assert list((tmp_path / "studies").iterdir()) == []
