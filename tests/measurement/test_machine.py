"""Latency is measured alone: nobody computes meanwhile, and those who compute cannot keep it waiting for ever."""

from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edgeslim.artifacts import shared_lock, store
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.measurement import machine
from edgeslim.measurement.machine import alone, busy
from edgeslim.measurement.measure import time_files
from edgeslim.models.library import open_model
from edgeslim.runtime import MAIN

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from edgeslim.measurement.machine import alone, busy
way, breathing = sys.argv[1], sys.argv[1] == "breathing"
with (alone if way == "alone" else busy)() as report:
    print("in", flush=True)
    while breathing:
        time.sleep(0.01)
        report("working", 0, 0)
        print("at work", flush=True)
    input()
"""


class Holder:
    """A process that wants the machine in one way, and keeps it until released."""

    def __init__(self, way: str, folder: Path) -> None:
        command = [sys.executable, "-c", HOLD, way]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            env={"TMPDIR": str(folder)},
        )

    def is_in(self, within: float) -> bool:
        """Whether it says so, or that it is at work, within so many seconds."""
        return bool(select.select([self.process.stdout], [], [], within)[0])

    def falls_silent(self) -> bool:
        """Whether it says nothing for a while, once what it has said is read."""
        assert self.process.stdout is not None
        while self.is_in(0.0):
            os.read(self.process.stdout.fileno(), 1 << 16)
        return not self.is_in(0.5)

    def release(self) -> None:
        self.process.communicate("\n")


@pytest.fixture
def hold(tmp_path: Path):
    holders: list[Holder] = []

    def start(way: str) -> Holder:
        holders.append(Holder(way, tmp_path))
        return holders[-1]

    yield start
    for holder in holders:
        holder.process.kill()
        holder.process.communicate()


def test_those_who_compute_share_the_machine(hold):
    assert hold("busy").is_in(30)
    assert hold("busy").is_in(30)


def test_who_measures_waits_for_those_who_compute_and_then_keeps_them_out(hold):
    first = hold("busy")
    assert first.is_in(30)
    measuring = hold("alone")
    assert not measuring.is_in(1.0)
    second = hold("busy")
    assert not second.is_in(1.0), "who waits to measure lets nobody else begin"
    first.release()
    assert measuring.is_in(30)
    assert not second.is_in(0.5)
    measuring.release()
    assert second.is_in(30)


def test_who_computes_makes_way_for_a_measurement_and_goes_on_after_it(hold):
    training = hold("breathing")
    assert training.is_in(30)
    measuring = hold("alone")
    assert measuring.is_in(30), "within one breath, not at the end of the training"
    assert training.falls_silent(), "it pauses meanwhile"
    measuring.release()
    assert training.is_in(30)


def test_a_killed_measurement_blocks_nobody(hold):
    measuring = hold("alone")
    assert measuring.is_in(30)
    measuring.process.kill()
    measuring.process.wait()
    assert hold("busy").is_in(30)


class Heard:
    """Progress as a queue."""

    def __init__(self) -> None:
        self._told: queue.Queue[tuple[str, int, int, str]] = queue.Queue()

    def __call__(self, message: str, done: int, total: int, who: str = "") -> None:
        self._told.put((message, done, total, who))

    def next(self) -> tuple[str, int, int, str]:
        return self._told.get(timeout=60)


@pytest.fixture
def talkative(own_machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are told at once."""
    monkeypatch.setattr(shared_lock, "_TELL", 0.0)
    monkeypatch.setattr(store, "_TELL", 0.01)


def in_thread(work, *arguments) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


PID = f"(pid {os.getpid()})"


@pytest.mark.usefixtures("talkative")
def test_who_waits_to_measure_says_for_whom_and_how_long() -> None:
    measurer, waiting_for = Heard(), machine.PATIENCE

    def measure() -> None:
        with alone("yolox-nano", measurer) as undisturbed:
            measurer("measured", 0, 0, str(undisturbed))

    with busy("night-1"), busy("night-2"):
        thread = in_thread(measure)
        message, seconds, limit, who = measurer.next()
        assert (message, limit) == ("waiting_to_measure", waiting_for)
        assert 0 <= seconds < limit
        assert sorted(who.split(", ")) == [f"night-1 {PID}", f"night-2 {PID}"]
        assert machine.measuring()
    thread.join(60)
    while message != "measured":
        message, *_, who = measurer.next()
    assert who == "True"
    assert not machine.measuring()


@pytest.mark.usefixtures("talkative")
def test_who_is_to_begin_or_makes_way_says_who_is_measured() -> None:
    """Once it has made way it is no longer among those who compute."""
    beginner, worker, over = Heard(), Heard(), threading.Event()

    def begin() -> None:
        with busy("night-2", beginner):
            beginner("begun", 0, 0)

    def work() -> None:
        with busy("night-1", worker) as report:
            while not over.is_set():
                report("training", 1, 2)
        worker("ended", 0, 0)

    working = in_thread(work)
    assert worker.next() == ("training", 1, 2, "")
    with alone("yolox-nano") as undisturbed:
        assert undisturbed
        beginning = in_thread(begin)
        heard = worker.next()
        while heard[0] == "training":
            heard = worker.next()
        for message, seconds, limit, who in (heard, beginner.next()):
            assert (message, limit, who) == ("waiting_while_measured", 0, f"yolox-nano {PID}")
            assert seconds >= 0
        assert machine._machine().names("shared") == ()
    beginning.join(60)
    while heard[0] != "training":
        heard = worker.next()
    over.set()
    working.join(60)
    assert machine._machine().names("shared") == machine._machine().names("alone") == ()


@pytest.mark.usefixtures("talkative")
def test_who_does_not_make_way_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures are taken, and said to be disturbed; those who do make way still do."""
    monkeypatch.setattr(machine, "PATIENCE", 0.1)
    model, place = open_model("digits-mlp"), Store(tmp_path / "store")
    sha256 = place.put(model.path.read_bytes())
    assert not time_files({MAIN: [sha256]}, place, "digits", rounds=3)[MAIN][sha256].disturbed
    with busy("night-1"):
        timed = time_files({MAIN: [sha256]}, place, "digits", rounds=3)[MAIN][sha256]
        assert timed.disturbed and timed.noisy
        assert timed.median_ms > 0
        with alone() as undisturbed:
            assert not undisturbed
            assert machine.measuring(), "nobody else begins"
            with alone() as neither:
                assert not neither


def test_the_name_of_who_was_killed_is_forgotten(hold, own_machine: None) -> None:
    holder = hold("busy")
    assert holder.is_in(30)
    assert machine._machine().names("shared") == (f"(pid {holder.process.pid})",)
    holder.process.kill()
    holder.process.wait()
    assert machine._machine().names("shared") == ()


@pytest.mark.usefixtures("talkative")
def test_who_needs_what_another_makes_says_that_it_waits(tmp_path: Path) -> None:
    place, second, made = Store(tmp_path / "store"), Heard(), threading.Event()

    def make() -> dict[str, int]:
        made.wait(60)
        return {"value": 1}

    def wait() -> None:
        record = place.computed("things", "one", lambda: {"value": 2}, second)
        second("got", record["value"], 0)

    begun = threading.Event()

    def first() -> None:
        place.computed("things", "one", lambda: (begun.set(), make())[1])

    making = in_thread(first)
    assert begun.wait(60)
    in_thread(wait)
    assert second.next()[0] == "waiting_for_same"
    made.set()
    making.join(60)
    heard = second.next()
    while heard[0] == "waiting_for_same":
        heard = second.next()
    assert heard == ("got", 1, 0, ""), "what the first made, not made again"


@pytest.mark.usefixtures("talkative")
def test_evaluating_in_a_shell_says_whom_it_waits_for_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside a study that never makes way, as JSON is asked for and nobody sits at a terminal."""
    monkeypatch.setattr(machine, "PATIENCE", 1.2)
    command = ["evaluate", "--model", "digits-mlp", "--data", "digits", "--limit", "20"]
    with busy("night-1"):
        assert main([*command, "--store", str(tmp_path / "store"), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["latency"]["disturbed"]
    assert told.err.splitlines() == [
        f"waiting to measure latency alone, until night-1 {PID} makes way: 0 of at most 1 s"
    ]
