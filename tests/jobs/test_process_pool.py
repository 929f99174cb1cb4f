"""Worker processes: results, progress, deaths and orphans."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from edgeslim.jobs.core_queue import CoreQueue
from edgeslim.jobs.pool import Event, Limits
from edgeslim.jobs.process_pool import ProcessPool
from edgeslim.measurement.machine import allowed
from edgeslim.progress import Progress

SECONDS = 30.0


def act(task: tuple[str, str], progress: Progress) -> str:
    """Echo the value, tell so many steps, sleep, hold memory, leave a mark late, or tell the process id or its cores."""
    what, value = task
    if what == "steps":
        for i in range(int(value)):
            progress("counting", i, int(value))
    if what == "sleep":
        time.sleep(float(value))
    if what == "mark":
        time.sleep(20)
        Path(value).touch()
    if what == "eat":
        eaten = bytearray(os.urandom(1_000_000)) * int(value)
        time.sleep(60)
        del eaten
    if what == "cores":
        return str(sorted(os.sched_getaffinity(0)))
    return str(os.getpid()) if what == "pid" else value


@pytest.fixture
def pool() -> Iterator[ProcessPool[tuple[str, str]]]:
    made: ProcessPool[tuple[str, str]] = ProcessPool(2, act)
    yield made
    made.close()


def finish(pool: ProcessPool[tuple[str, str]], count: int = 1) -> list[Event[tuple[str, str]]]:
    """All events until `count` tasks are over."""
    events: list[Event[tuple[str, str]]] = []
    deadline = time.monotonic() + SECONDS
    while sum(event.kind != "progress" for event in events) < count:
        assert time.monotonic() < deadline, f"only {events}"
        events += pool.wait(1.0)
    return events


def test_progress_comes_before_the_result_and_not_too_often(pool: ProcessPool[tuple[str, str]]):
    pool.submit(("steps", "100000"))
    *progress, done = finish(pool)
    assert progress[0].value == ("counting", 0, 100000, "")
    assert len(progress) < 50
    assert (done.kind, done.value) == ("done", "100000")


def test_a_process_that_is_killed_while_it_has_nothing_to_do_costs_no_task(
    pool: ProcessPool[tuple[str, str]],
):
    pool.submit(("pid", ""))
    pool.submit(("pid", ""))
    for event in finish(pool, 2):
        process = psutil.Process(int(event.value))
        process.kill()
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
    pool.submit(("echo", "a"))
    assert [(event.kind, event.value) for event in finish(pool)] == [("done", "a")]


def test_a_process_that_is_killed_before_it_takes_its_task_costs_the_task_nothing(own_machine: None):
    pool: ProcessPool[tuple[str, str]] = ProcessPool(1, act)
    pool.submit(("pid", ""))
    process = psutil.Process(int(finish(pool)[0].value))
    process.suspend()
    pool.submit(("echo", "a"))
    process.kill()
    assert [(event.kind, event.value) for event in finish(pool)] == [("done", "a")]
    pool.close()


def test_a_task_that_eats_memory_is_ended(pool: ProcessPool[tuple[str, str]]):
    pool.submit(("eat", "400"), Limits(seconds=60.0, memory=300_000_000))
    pool.submit(("eat", "100"), Limits(seconds=5.0, memory=300_000_000))
    ended = {event.task[1]: (event.kind, event.value) for event in finish(pool, 2)}
    assert ended == {"400": ("memory", 300_000_000), "100": ("timeout", 5.0)}


def test_time_in_which_somebody_measures_is_not_the_tasks_own(own_machine: None):
    from edgeslim.measurement.machine import alone

    pool: ProcessPool[tuple[str, str]] = ProcessPool(1, act)
    pool.submit(("sleep", "3"), Limits(seconds=2.0, memory=10**12))
    with alone():
        assert finish(pool, 1)[0].kind == "done"
    pool.close()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system keeps processes where it likes")
def test_each_task_is_done_on_the_cores_of_its_turn(own_machine: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EDGESLIM_CORES", str(len(allowed())))
    turns = CoreQueue("me", 1)
    pool: ProcessPool[tuple[str, str]] = ProcessPool(len(allowed()) + 1, act, turns)
    count = 0
    while pool.ready():
        pool.submit(("cores", ""))
        count += 1
    assert count == len(allowed()), "one process more than there are cores has nothing to do"
    assert sorted(event.value for event in finish(pool, count)) == sorted(str([core]) for core in allowed())
    assert pool.ready(), "the turns were given back"
    pool.close()
    assert CoreQueue("other", len(allowed())).take() is not None, "closing gives back what was not used"


def test_who_waits_for_a_turn_gives_up_processes_when_memory_is_short(own_machine: None, monkeypatch: Any):
    monkeypatch.setenv("EDGESLIM_CORES", "1")
    other, turns = CoreQueue("other", 1), CoreQueue("me", 1)
    pool: ProcessPool[tuple[str, str]] = ProcessPool(1, act, turns)
    assert pool.ready()
    pool.submit(("pid", ""))
    (first,) = finish(pool)
    held = other.take()
    assert held is not None
    assert not pool.ready() and pool.ahead == 0
    assert psutil.pid_exists(int(first.value)), "there is memory for everybody"
    monkeypatch.setattr("edgeslim.jobs.process_pool._SHORT", 2.0)
    assert not pool.ready()
    assert not psutil.pid_exists(int(first.value))
    other.give_back(held)
    other.close()
    while not pool.ready():
        time.sleep(0.05)
    pool.submit(("echo", "again"))
    assert [event.value for event in finish(pool)] == ["again"]
    pool.close()


def test_closing_ends_processes_that_are_at_work(pool: ProcessPool[tuple[str, str]], tmp_path: Path):
    pool.submit(("pid", ""))
    pid = int(finish(pool)[0].value)
    marks = [tmp_path / "first", tmp_path / "second"]
    for mark in marks:
        pool.submit(("mark", str(mark)))
    pool.close()
    assert not psutil.pid_exists(pid)
    assert not any(mark.exists() for mark in marks), "it did not wait for them"


def test_workers_end_when_their_parent_is_killed(tmp_path: Path):
    script = tmp_path / "orphans.py"
    script.write_text(
        f"import sys, time; sys.path[:0] = [{str(Path(__file__).parent)!r}, {os.getcwd()!r}]\n"
        "from test_process_pool import act, ProcessPool, finish\n"
        "if __name__ == '__main__':\n"
        "    pool = ProcessPool(2, act)\n"
        "    pool.submit(('pid', '')); pool.submit(('pid', ''))\n"
        "    print(*(event.value for event in finish(pool, 2)), flush=True)\n"
        "    pool.submit(('sleep', '600')); time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(workers) == 2
    assert psutil.wait_procs(workers, timeout=10)[1] == []
