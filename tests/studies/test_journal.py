"""Studies in journals: a torn one heals, a full disk leaves it whole, and damage is told."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgeslim.artifacts.store import Store
from edgeslim.errors import StoreError, StudyError
from edgeslim.records import RecipeRecord
from edgeslim.studies import storage
from edgeslim.studies.storage import PlannedTrial, StudyJournal
from edgeslim.studies.study import StudyPlan

RESULT = {
    "sha256": "ab" * 32,
    "sizes": {"file": 1200, "download": 1000, "entropy_bound": 900},
    "seconds": 1.5,
}


def planned(title: str, *steps: str) -> PlannedTrial:
    recipe = RecipeRecord(tuple({"step": step} for step in steps), name=title)
    return PlannedTrial(recipe, title, f"fp-{title}")


def make(store: Store, *titles: str, name: str = "one") -> StudyJournal:
    plan = StudyPlan(
        name=name, model="m", model_name="m", dataset="d", dataset_name="d", created="2026-01-01T00:00:00Z"
    )
    storage.create(store, plan, [planned("float32"), *(planned(title, "x") for title in titles)])
    return StudyJournal(store, name)


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


@pytest.mark.parametrize(
    "result", [{**RESULT, "sizes": {"file": "much"}}, {**RESULT, "stages": [{"step": "x"}]}]
)
def test_figures_that_are_none_are_damage_too(tmp_path: Path, result: dict[str, Any]):
    store = Store(tmp_path)
    journal = make(store)
    journal.start(0)
    journal.record(0, result)
    with pytest.raises(StudyError, match="“one” is damaged"):
        storage.read(store, "one")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "..", ".hidden", "UPPER", "a b", "x" * 81, "a\n", "ä"])
def test_names_that_are_no_slug_are_refused(tmp_path: Path, name: str):
    with pytest.raises(StudyError) as caught:
        storage.read(Store(tmp_path), name)
    assert caught.value.code == "study_name"
    assert list(tmp_path.iterdir()) == []


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
