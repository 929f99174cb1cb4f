"""A disk that is full, a journal that is locked or torn, a clock that is set: told, and nothing is lost by it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from edgeslim import workbench
from edgeslim.errors import StudyError

LONG = {"what": "sleep", "seconds": 60.0}


@pytest.fixture
def small_disk(case: Any) -> Iterator[Path]:
    """The case's data folder is a disk of its own, of 6 MB."""
    folder = case.store.root
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.getuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("disks cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_told_and_the_study_goes_on_when_there_is_space(small_disk, case, capsys):
    case.start({"change": 1.0}, {"change": 2.0, "what": "sleep", "seconds": 4.0}, {"change": 3.0}, workers=1)
    case.wait(lambda: 2.0 in case.ran(), "the long step")
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(bytes(7_000_000))
    case.wait(lambda: workbench.study_status("s", case.store).state != "running", "the end")
    study = workbench.study_result("s", case.store)
    assert (study.state, study.error.code) == ("failed", "disk_full")
    assert "The disk is full" in case.shown(capsys)
    finished = [trial.number for trial in study.trials if trial.sha256]
    assert 0 in finished and len(finished) < 4
    (small_disk / "filler").unlink()
    workbench.resume_study("s", case.store)
    case.finish_without_repeats([1.0, 2.0, 3.0], repeated=1)


def test_a_journal_that_another_process_keeps_locked_is_told(case, capsys, monkeypatch):
    monkeypatch.setenv("EDGESLIM_TEST_PATIENCE", "1")
    case.start({"change": 1.0, "what": "sleep", "seconds": 3.0}, {"change": 2.0})
    case.wait(lambda: 1.0 in case.ran(), "the long step")
    journal_lock = case.store.root / "studies" / "s" / "journal.lock"
    with FileLock(journal_lock):
        case.wait(lambda: workbench.study_status("s", case.store).state != "running", "the end")
    study = workbench.study_result("s", case.store)
    assert (study.state, study.error.code) == ("failed", "storage_locked")
    assert "kept" in case.shown(capsys) and "locked for 1 seconds" in case.shown(capsys)
    workbench.resume_study("s", case.store)
    case.finish_without_repeats([1.0, 2.0], repeated=1)


TAILS = {
    "half a line": b'{"op_code":8,"worker_id":"x","trial_id":1,"user_at',
    "zeros": bytes(512),
    "zeros and a line": bytes(512) + b"\n",
    "lines that are none": b"\xff\xfe garbage\n{\n",
}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_a_journal_with_a_torn_tail_loses_nothing_else(case, tail):
    case.start({"change": 1.0}, {"change": 2.0, **LONG, "once": True})
    case.wait(lambda: 2.0 in case.ran() and workbench.study_status("s", case.store).done == 2, "the others")
    os.kill(case.pid(), signal.SIGKILL)
    case.wait(lambda: workbench.study_status("s", case.store).state == "interrupted", "the interruption")
    with (case.store.root / "studies" / "s" / "journal.log").open("ab") as journal:
        journal.write(tail)
    workbench.resume_study("s", case.store)
    case.finish_without_repeats([1.0, 2.0], repeated=1)


def test_a_running_study_keeps_its_process_when_the_clock_is_set(case, monkeypatch):
    case.start({"change": 1.0, "what": "sleep", "seconds": 2.0})
    case.wait(lambda: 1.0 in case.ran(), "the step")
    boot, now = psutil.boot_time(), time.time()
    for hours in (-48, 48):
        monkeypatch.setattr("time.time", lambda hours=hours: now + hours * 3600)
        if sys.platform == "linux":
            monkeypatch.setattr("psutil._pslinux.boot_time", lambda hours=hours: boot + hours * 3600)
        assert workbench.study_status("s", case.store).state == "running"
        with pytest.raises(StudyError, match="is running"):
            workbench.resume_study("s", case.store)
    case.finish_without_repeats([1.0])
