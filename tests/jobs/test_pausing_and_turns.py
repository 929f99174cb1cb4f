"""Studies that step aside: paused by their owner, or waiting for their turn at the machine."""

from __future__ import annotations

from collections import Counter

import pytest

from edgeslim import workbench
from edgeslim.errors import StudyError
from edgeslim.jobs.status import read_status


def test_pausing_finishes_what_runs_begins_nothing_and_can_be_resumed(case, capsys):
    slow = {"what": "sleep", "seconds": 1.5}
    case.start(*({"change": float(i), **slow} for i in range(1, 5)), workers=1)
    case.wait(lambda: case.ran(), "the first step")
    workbench.pause_study("s", case.store)
    case.wait(lambda: workbench.study_status("s", case.store).pausing, "the word of it")
    study = case.finish()
    assert study.state == "paused"
    assert [trial.number for trial in study.trials if trial.sha256] == [0, 1], "nothing was broken off"
    assert [trial.state for trial in study.trials] == ["waiting"] * 5, "not timed yet"
    assert "s: paused" in case.shown(capsys)
    assert case.ran() == [1.0]
    with pytest.raises(StudyError, match="not running"):
        workbench.pause_study("s", case.store)
    workbench.resume_study("s", case.store)
    case.finish_without_repeats([1.0, 2.0, 3.0, 4.0])


def test_a_second_study_waits_for_its_turn_and_gets_one_before_the_first_is_through(case, monkeypatch):
    monkeypatch.setenv("EDGESLIM_CORES", "1")
    slow = {"what": "sleep", "seconds": 1.0}
    case.start(*({"change": float(i), **slow} for i in range(1, 10)), name="long")
    case.wait(lambda: case.ran(), "the first step")
    case.start({"change": -1.0}, name="short")
    case.wait(lambda: workbench.study_status("short", case.store).ahead is not None, "the queue")
    status = read_status(case.store, "short")
    assert status is not None and (status.ahead, status.progress) == (0, {})
    assert case.finish("short").state == "complete"
    assert workbench.study_status("long", case.store).state == "running"
    before = case.ran().index(-1.0)
    assert before <= 5, "turns go round"
    assert case.finish("long").state == "complete"
    assert Counter(case.ran()) == {-1.0: 1, **{float(i): 1 for i in range(1, 10)}}
