"""Worker processes: results, progress, deaths and orphans."""

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

from edgeslim.jobs.core_queue import CoreQueue
from edgeslim.jobs.pool import Event, Limits, Pool
from edgeslim.measurement.machine import allowed
from edgeslim.progress import Progress

SECONDS = 30.0


def act(task: tuple[str, str], progress: Progress) -> str:
    """Echo the value, kill yourself, tell so many steps, sleep, hold memory, or tell the process id or its cores."""
    what, value = task
    if what == "die":
        os.kill(os.getpid(), int(value))
    if what == "steps":
        for i in range(int(value)):
            progress("counting", i, int(value))
    if what == "sleep":
        time.sleep(float(value))
    if what == "eat":
        eaten = bytearray(os.urandom(1_000_000)) * int(value)
        time.sleep(60)
        del eaten
    if what == "cores":
        return str(sorted(os.sched_getaffinity(0)))
    return str(os.getpid()) if what == "pid" else value


@pytest.fixture
def pool() -> Iterator[Pool[tuple[str, str]]]:
    made: Pool[tuple[str, str]] = Pool(2, act)
    yield made
    made.close()


def finish(pool: Pool[tuple[str, str]], count: int = 1) -> list[Event[tuple[str, str]]]:
    """All events until `count` tasks are over."""
    events: list[Event[tuple[str, str]]] = []
    deadline = time.monotonic() + SECONDS
    while sum(event.kind != "progress" for event in events) < count:
        assert time.monotonic() < deadline, f"only {events}"
        events += pool.wait(1.0)
    return events


def test_tasks_are_done_side_by_side(pool: Pool[tuple[str, str]]):
    pool.submit(("pid", ""))
    pool.submit(("pid", ""))
    assert pool.idle == 0
    pids = {event.value for event in finish(pool, 2)}
    assert len(pids) == 2
    assert str(os.getpid()) not in pids
    assert pool.idle == 2


def test_progress_comes_before_the_result_and_not_too_often(pool: Pool[tuple[str, str]]):
    pool.submit(("steps", "100000"))
    *progress, done = finish(pool)
    assert progress[0].value == ("counting", 0, 100000)
    assert len(progress) < 50
    assert (done.kind, done.value) == ("done", "100000")


def test_a_killed_process_costs_only_its_own_task(pool: Pool[tuple[str, str]]):
    pool.submit(("sleep", "1"))
    pool.submit(("die", str(int(signal.SIGKILL))))
    died, slept = finish(pool, 2)
    assert (died.kind, died.task[0], died.value) == ("died", "die", -signal.SIGKILL)
    assert (slept.kind, slept.value) == ("done", "1")
    pool.submit(("echo", "a"))
    pool.submit(("echo", "b"))
    assert {event.value for event in finish(pool, 2)} == {"a", "b"}


def test_a_process_that_is_killed_while_it_has_nothing_to_do_costs_no_task(pool: Pool[tuple[str, str]]):
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
    pool: Pool[tuple[str, str]] = Pool(1, act)
    pool.submit(("pid", ""))
    process = psutil.Process(int(finish(pool)[0].value))
    process.suspend()
    pool.submit(("echo", "a"))
    process.kill()
    assert [(event.kind, event.value) for event in finish(pool)] == [("done", "a")]
    pool.close()


def test_a_task_that_hangs_is_ended_and_the_others_go_on(pool: Pool[tuple[str, str]]):
    pool.submit(("sleep", "60"), Limits(seconds=2.0, memory=10**12))
    pool.submit(("echo", "a"), Limits(seconds=60.0, memory=10**12))
    began = time.monotonic()
    done, ended = finish(pool, 2)
    assert (done.kind, done.value) == ("done", "a")
    assert (ended.kind, ended.task, ended.value) == ("timeout", ("sleep", "60"), 2.0)
    assert 2.0 < time.monotonic() - began < 10.0
    pool.submit(("echo", "b"))
    pool.submit(("echo", "c"))
    assert {event.value for event in finish(pool, 2)} == {"b", "c"}


def test_a_task_that_eats_memory_is_ended(pool: Pool[tuple[str, str]]):
    pool.submit(("eat", "400"), Limits(seconds=60.0, memory=300_000_000))
    pool.submit(("eat", "100"), Limits(seconds=3.0, memory=300_000_000))
    first, second = finish(pool, 2)
    assert (first.kind, first.task[1], first.value) == ("memory", "400", 300_000_000)
    assert (second.kind, second.task[1]) == ("timeout", "100")


def test_time_in_which_somebody_measures_is_not_the_tasks_own(own_machine: None):
    from edgeslim.measurement.machine import alone

    pool: Pool[tuple[str, str]] = Pool(1, act)
    pool.submit(("sleep", "3"), Limits(seconds=2.0, memory=10**12))
    with alone():
        assert finish(pool, 1)[0].kind == "done"
    pool.close()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system keeps processes where it likes")
def test_each_task_is_done_on_the_cores_of_its_turn(own_machine: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EDGESLIM_CORES", str(len(allowed())))
    turns = CoreQueue("me", 1)
    pool: Pool[tuple[str, str]] = Pool(len(allowed()) + 1, act, turns)
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
    pool: Pool[tuple[str, str]] = Pool(1, act, turns)
    assert pool.ready()
    pool.submit(("pid", ""))
    (first,) = finish(pool)
    held = other.take()
    assert held is not None
    assert not pool.ready() and pool.ahead == 0
    assert psutil.pid_exists(int(first.value)), "there is memory for everybody"
    monkeypatch.setattr("edgeslim.jobs.pool._SHORT", 2.0)
    assert not pool.ready()
    assert not psutil.pid_exists(int(first.value))
    other.give_back(held)
    other.close()
    while not pool.ready():
        time.sleep(0.05)
    pool.submit(("echo", "again"))
    assert [event.value for event in finish(pool)] == ["again"]
    pool.close()


def test_closing_ends_processes_that_are_at_work(pool: Pool[tuple[str, str]]):
    pool.submit(("pid", ""))
    pid = int(finish(pool)[0].value)
    pool.submit(("sleep", "600"))
    pool.submit(("sleep", "600"))
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < 5
    assert not psutil.pid_exists(pid)


def test_workers_end_when_their_parent_is_killed(tmp_path: Path):
    script = tmp_path / "orphans.py"
    script.write_text(
        f"import sys, time; sys.path[:0] = [{str(Path(__file__).parent)!r}, {os.getcwd()!r}]\n"
        "from test_pool import act, Pool, finish\n"
        "if __name__ == '__main__':\n"
        "    pool = Pool(2, act)\n"
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
