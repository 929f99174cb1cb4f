"""How much a trial may use, if nobody says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from edgeslim.jobs.limits import trial_limits
from edgeslim.jobs.pool import Limits
from edgeslim.studies.study import StudyPlan

GB = 10**9


def plan(**limits: float) -> StudyPlan:
    return StudyPlan(name="s", model="m", model_name="m", dataset="d", dataset_name="d", created="", **limits)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """A machine of 100 GB; gives the file that tells its container's limit."""
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=100 * GB))
    container = tmp_path / "memory.max"
    monkeypatch.setattr("edgeslim.jobs.limits._CONTAINER", container)
    return container


@pytest.mark.parametrize(("workers", "expected"), [(1, 80), (8, 10), (64, 4)])
def test_memory_is_shared_by_the_workers_but_enough_for_a_trial(machine, workers, expected):
    assert trial_limits(plan(), workers) == Limits(seconds=7200, memory=expected * GB)


def test_a_container_has_the_memory_that_it_was_given(machine):
    machine.write_text("10000000000\n")
    assert trial_limits(plan(), 1).memory == 8 * GB
    assert trial_limits(plan(), 4).memory == 4 * GB
    machine.write_text("3000000000\n")
    assert trial_limits(plan(), 4).memory == 2.4 * GB
    machine.write_text("max\n")
    assert trial_limits(plan(), 1).memory == 80 * GB


def test_the_plan_has_the_last_word(machine):
    assert trial_limits(plan(trial_minutes=0.5, trial_memory=GB), 8) == Limits(seconds=30, memory=GB)
