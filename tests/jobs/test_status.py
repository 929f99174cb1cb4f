"""Who is alive: a process is its pid and its start time."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil

from compression.artifacts.store import Store
from compression.jobs.status import (
    JobStatus,
    StatusWriter,
    identity,
    read_status,
    study_state,
    write_status,
)

ME = JobStatus(state="running", pid=os.getpid(), started=psutil.Process().create_time())


def test_a_process_with_our_pid_but_another_start_is_not_us():
    assert ME.alive
    assert not replace(ME, started=ME.started - 3600).alive
    assert study_state(replace(ME, started=ME.started - 3600)) == "interrupted"


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
    now = {3: {"message": "fine_tuning", "done": 4, "total": 9}}
    write_status(store, "s", replace(ME, phase="trials", done=2, total=5, progress=now))
    assert read_status(store, "s") == replace(ME, phase="trials", done=2, total=5, progress=now)


def test_a_writer_does_not_write_more_often_than_anyone_looks(tmp_path: Path):
    store = Store(tmp_path)
    writer = StatusWriter(store, "s")
    writer.tell(now=True)
    for done in range(50):
        writer.done = done
        writer.tell()
    found = read_status(store, "s")
    assert found is not None
    assert found.done == 0
    writer.end({"code": "x"})
    found = read_status(store, "s")
    assert found is not None
    assert (found.state, found.done, found.error) == ("failed", 49, {"code": "x"})
