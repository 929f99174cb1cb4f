"""Fair turns at a machine's cores, between processes that may die at any moment."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeslim.errors import StudyError
from edgeslim.jobs.core_queue import FRESH, CoreQueue, Turn
from edgeslim.measurement.machine import allowed, cores, locks_folder, pin

ROOT = Path(__file__).parents[2]


@pytest.fixture
def two_cores(own_machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGESLIM_CORES", "2")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds by which the monotonic clock of this process is ahead."""
    ahead, now = [0.0], time.monotonic
    monkeypatch.setattr("time.monotonic", lambda: now() + ahead[0])
    return ahead


def asked(turns: CoreQueue, clock: list[float]) -> Turn | None:
    """Ask for a turn, some time after the last look."""
    clock[0] += 0.5
    return turns.take()


def test_a_turn_is_a_core_of_its_own_until_it_is_given_back(two_cores, clock):
    first, second = CoreQueue("a", 1), CoreQueue("b", 1)
    one, other = first.take(), second.take()
    assert one is not None and other is not None
    if len(allowed()) > 1:
        assert set(one.cores).isdisjoint(other.cores)
    assert asked(first, clock) is None
    second.give_back(other)
    again = asked(first, clock)
    assert again is not None
    assert again.cores == other.cores


def test_who_holds_fewest_cores_is_next_and_among_equals_who_waited_longest(two_cores, clock):
    a, b, c = CoreQueue("a", 1), CoreQueue("b", 1), CoreQueue("c", 1)
    held = [turn for turn in (a.take(), asked(a, clock)) if turn]
    assert len(held) == 2, "alone it gets the whole machine"
    assert asked(b, clock) is None and b.ahead == 0
    assert asked(c, clock) is None and c.ahead == 1
    assert asked(a, clock) is None and a.ahead == 2
    a.give_back(held.pop())
    assert asked(a, clock) is None, "it holds one, the others none"
    assert asked(c, clock) is None, "it came later"
    turn = asked(b, clock)
    assert turn is not None and b.ahead is None
    b.give_back(turn)
    assert asked(b, clock) is None, "it had its turn"
    assert asked(c, clock) is not None


def test_thirty_studies_get_a_turn_each_before_one_of_a_thousand_trials_gets_its_second(two_cores, clock):
    greedy, others = CoreQueue("greedy", 1), [CoreQueue(f"student {i}", 1) for i in range(29)]
    everyone = [greedy, *others]
    holding = {index: turn for index, turns in enumerate(everyone) if (turn := turns.take())}
    assert sorted(holding) == [0, 1]
    served = list(holding)
    for _ in range(58):
        finished = next(iter(holding))
        everyone[finished].give_back(holding.pop(finished))
        clock[0] += 2.5
        for index, turns in enumerate(everyone):
            if index not in holding and (turn := turns.take()):
                holding[index] = turn
                served.append(index)
    assert served[:30] == list(range(30))
    assert sorted(served[30:60]) == list(range(30))


def test_studies_of_one_owner_share_what_the_owner_gets(two_cores, clock):
    a, more, b = CoreQueue("a", 1), CoreQueue("a", 1), CoreQueue("b", 1)
    first, second = a.take(), asked(more, clock)
    assert first and second
    assert asked(a, clock) is None
    assert asked(b, clock) is None
    a.give_back(first)
    assert asked(a, clock) is None and a.ahead == 1, "the owner still holds a core, in the other study"
    assert asked(b, clock) is not None


def test_who_wants_more_cores_is_not_overtaken_for_ever(two_cores, clock):
    single, wide, late = CoreQueue("a", 1), CoreQueue("b", 2), CoreQueue("c", 1)
    turn = single.take()
    assert turn
    assert asked(wide, clock) is None
    assert asked(late, clock) is None, "one core is free, but not its own to take"
    single.give_back(turn)
    both = asked(wide, clock)
    assert both and len(both.cores) == 2


def test_who_no_longer_asks_is_passed_over(two_cores, clock):
    a, stopped, b = CoreQueue("a", 2), CoreQueue("b", 1), CoreQueue("c", 1)
    turn = a.take()
    assert turn
    assert asked(stopped, clock) is None
    assert asked(b, clock) is None and b.ahead == 1
    a.give_back(turn)
    assert asked(b, clock) is None
    clock[0] += FRESH
    assert asked(b, clock) is not None


HOLD = """
from edgeslim.jobs.core_queue import CoreQueue
turns = CoreQueue("dead", 2)
turn = turns.take()
print(turn is not None, flush=True)
input()
"""


@pytest.fixture
def holder(two_cores: None, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {"TMPDIR": str(tmp_path), "EDGESLIM_CORES": "2"}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=ROOT,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def test_a_killed_study_frees_its_cores_and_its_place_at_once(holder, clock):
    mine = CoreQueue("me", 1)
    assert mine.take() is None
    holder.kill()
    holder.wait()
    assert asked(mine, clock) is not None
    assert len(list((locks_folder() / "turns").glob("*.ticket"))) == 1


def test_a_damaged_ticket_of_another_is_ignored(two_cores):
    from edgeslim.artifacts.shared_lock import opened, try_lock

    folder = locks_folder() / "turns"
    folder.mkdir(parents=True)
    path = folder / "other.ticket"
    path.write_text('{"owner": 3, "unknown": 4}')
    with opened(path) as handle:
        assert try_lock(handle)
        assert CoreQueue("me", 1).take() is not None
        assert path.exists()


def test_leaving_the_queue_leaves_nothing_behind(two_cores):
    turns = CoreQueue("me", 1)
    turn = turns.take()
    assert turn is not None
    turns.give_back(turn)
    turns.close()
    assert list((locks_folder() / "turns").glob("*.ticket")) == []


def test_accounts_that_share_a_folder_for_locks_share_the_cores(two_cores, clock, tmp_path, monkeypatch):
    first = CoreQueue("a", 2)
    assert first.take() is not None
    monkeypatch.setenv("EDGESLIM_LOCKS", str(tmp_path / "shared"))
    second, third = CoreQueue("a", 2), CoreQueue("b", 1)
    assert second.take() is not None, "another folder, another queue"
    assert third.take() is None
    assert (tmp_path / "shared" / "turns").is_dir()


def test_cores_are_this_process_own_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv("EDGESLIM_CORES", raising=False)
    monkeypatch.setattr("edgeslim.measurement.machine.allowed", lambda: [0, 1, 2, 3, 4, 5, 6, 7])
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr("edgeslim.measurement.machine._QUOTA", quota)
    assert cores() == 8
    quota.write_text("max 100000\n")
    assert cores() == 8
    quota.write_text("250000 100000\n")
    assert cores() == 3
    monkeypatch.setenv("EDGESLIM_CORES", "12")
    assert cores() == 12
    monkeypatch.setenv("EDGESLIM_CORES", "many")
    with pytest.raises(StudyError, match="EDGESLIM_CORES is “many”"):
        cores()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system keeps processes where it likes")
def test_pinning_reaches_threads_that_were_there_before():
    script = (
        "import os, threading, time\n"
        "from edgeslim.measurement.machine import allowed, pin\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "last = allowed()[-1]\n"
        "pin([last])\n"
        "threads = [int(name) for name in os.listdir('/proc/self/task')]\n"
        "print(len(threads), all(os.sched_getaffinity(each) == {last} for each in threads))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2", "True"]
    before = os.sched_getaffinity(0)
    pin(before)
    assert os.sched_getaffinity(0) == before
