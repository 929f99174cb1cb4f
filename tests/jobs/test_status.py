"""Who is alive: a process is its pid and its start time."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from edgeslim.artifacts.store import Store
from edgeslim.errors import ErrorRecord
from edgeslim.jobs.status import (
    JobStatus,
    StatusWriter,
    identity,
    read_status,
    study_state,
    write_status,
)
from edgeslim.records import ProgressRecord

PID, STARTED = identity(psutil.Process())
ME_CREATED = psutil.Process().create_time()
ME = JobStatus(state="running", pid=PID, started=STARTED)


def told(store: Store) -> JobStatus:
    found = read_status(store, "s")
    assert found is not None
    return found


def test_a_process_with_our_pid_but_another_start_is_not_us():
    assert ME.alive
    other = replace(ME, started=f"{ME.started[:-1]}{(int(ME.started[-1]) + 1) % 10}")
    assert not other.alive
    assert study_state(other) == "interrupted"
    assert not replace(ME, started=f"another boot/{ME.started}").alive


@pytest.mark.parametrize("hours", [-30 * 24, -1, 1, 30 * 24])
def test_a_clock_that_is_set_makes_no_process_another_one(hours, monkeypatch, tmp_path):
    store = Store(tmp_path)
    writer = StatusWriter(store, "s")
    writer.tell(now=True)
    boot, now = psutil.boot_time(), time.time()
    monkeypatch.setattr("time.time", lambda: now + hours * 3600)
    if sys.platform == "linux":
        monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot + hours * 3600)
        moved = psutil.Process().create_time() - ME_CREATED
        assert moved == pytest.approx(hours * 3600, abs=2), "psutil's own time of start moves with the clock"
    assert study_state(read_status(store, "s")) == "running"
    writer.done = 1
    writer.tell()
    assert told(store).done == 0, "not more often than anyone looks, whatever the clock says"
    time.sleep(writer.INTERVAL)
    writer.tell()
    assert told(store).done == 1, "and no less often"


def test_a_process_that_ended_is_dead_even_before_anyone_has_asked_for_its_exit_code():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        pid, started = identity(psutil.Process(child.pid))
        status = JobStatus(state="running", pid=pid, started=started)
        assert study_state(status) == "running"
        child.kill()
        while status.alive:
            pass
        assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        assert study_state(status) == "interrupted"


def test_a_status_is_read_as_it_was_written(tmp_path: Path):
    store = Store(tmp_path)
    assert read_status(store, "s") is None
    assert study_state(None) == "waiting"
    now = {3: ProgressRecord("fine_tuning", 4, 9)}
    write_status(store, "s", replace(ME, phase="trials", done=2, total=5, progress=now))
    assert read_status(store, "s") == replace(ME, phase="trials", done=2, total=5, progress=now)


def test_a_writer_does_not_write_more_often_than_anyone_looks(tmp_path: Path):
    store = Store(tmp_path)
    writer = StatusWriter(store, "s")
    writer.tell(now=True)
    for done in range(50):
        writer.done = done
        writer.tell()
    assert told(store).done == 0
    error = ErrorRecord("x", {"name": "n"})
    writer.end(error)
    found = told(store)
    assert (found.state, found.done, found.error) == ("failed", 49, error)


def test_half_a_status_is_none(tmp_path: Path):
    store = Store(tmp_path)
    write_status(store, "s", ME)
    path = tmp_path / "studies" / "s" / "status.json"
    path.write_bytes(path.read_bytes()[:40])
    assert read_status(store, "s") is None


def test_the_time_left_follows_from_the_pace_of_the_trials(tmp_path, monkeypatch):
    store, clock = Store(tmp_path), SimpleNamespace(monotonic=lambda: 0.0)
    monkeypatch.setattr("edgeslim.jobs.status.time", clock)
    writer = StatusWriter(store, "s")
    writer.total = 10

    def left(now, done, phase="trials", ahead=None):
        clock.monotonic = lambda: now
        writer.done, writer.phase, writer.ahead = done, phase, ahead
        writer.tell(now=True)
        return told(store).left

    assert left(0, 2, "preparing") is None
    assert left(100, 2) is None, "none has ended"
    assert left(130, 3) == 30 * 7
    assert left(500, 3, ahead=1) is None, "it waits for its turn"
    assert left(560, 3) is None, "waiting is no pace"
    assert left(600, 5) == 40 / 2 * 5
    assert left(610, 10, "latency") is None
