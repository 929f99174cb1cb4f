"""Worker processes: results, progress, deaths and orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from compression.jobs.pool import Event, Pool
from compression.progress import Progress

SECONDS = 30.0


def act(task: tuple[str, str], progress: Progress) -> str:
    """Echo the value, kill yourself, tell so many steps, sleep, or tell the process id."""
    what, value = task
    if what == "die":
        os.kill(os.getpid(), int(value))
    if what == "steps":
        for i in range(int(value)):
            progress("counting", i, int(value))
    if what == "sleep":
        time.sleep(float(value))
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
