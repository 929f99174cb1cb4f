"""Latency is measured alone: nobody computes meanwhile, and those who compute cannot keep it waiting for ever."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from edgeslim.measurement.machine import alone, busy
way, breathing = sys.argv[1], sys.argv[1] == "breathing"
with (alone if way == "alone" else busy)() as breathe:
    print("in", flush=True)
    while breathing:
        time.sleep(0.01)
        breathe()
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
