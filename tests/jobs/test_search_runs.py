"""Searches run by real processes: they end, go on, survive being killed, and keep to their time."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from edgeslim import workbench
from edgeslim.errors import StudyError
from edgeslim.studies.budget import Budget
from edgeslim.studies.choice import choose
from edgeslim.studies.front_summary import front_summary
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.study import StudyPlan, StudyResult
from edgeslim.workbench.studies import StudyStatus


def search(case: Any, search_run: SearchRun, **more: Any) -> None:
    plan = StudyPlan(model=str(case.model), dataset=str(case.pictures), name="s", workers=2, limit=12, **more)
    workbench.start_study(plan, search=search_run, store=case.store)


def volume(study: StudyResult) -> float:
    found = front_summary(study).hypervolume
    assert found is not None
    return found.value


def pick(study: StudyResult) -> int | None:
    return choose(study, study.budget).pick


def states(study: StudyResult) -> list[str]:
    return sorted({trial.state for trial in study.trials})


def test_a_search_finds_measures_and_chooses_and_can_be_improved(case):
    search(case, SearchRun(sampler="nsga2", trials=6), budget=Budget.of(download=100_000))
    study = case.finish()
    assert study.state == "complete"
    assert study.search.ended == "trials"
    assert study.search.spent > 0
    proposed = [trial for trial in study.trials if trial.proposed]
    assert len(proposed) == 6
    assert "waiting" not in states(study)
    measured = [trial for trial in proposed if trial.state == "complete"]
    assert measured
    assert all(trial.latency.rounds == 30 for trial in measured)
    assert volume(study) >= 0
    assert pick(study) is not None
    with pytest.raises(StudyError) as caught:
        workbench.resume_study("s", case.store)
    assert caught.value.code == "study_complete"

    workbench.improve_study("s", trials=3, store=case.store)
    improved = case.finish()
    assert improved.search.first == 7
    assert len(improved.trials) >= 10
    before = {trial.recipe_fingerprint for trial in study.trials}
    new = [trial for trial in improved.trials if trial.number >= 7]
    assert not before & {trial.recipe_fingerprint for trial in new if not trial.rungs}
    assert volume(improved) >= volume(study)


def test_a_study_of_given_recipes_can_be_improved(case):
    case.start({"change": 1.0})
    case.finish()
    workbench.improve_study("s", trials=3, store=case.store)
    study = case.finish()
    assert study.state == "complete"
    assert sum(trial.proposed for trial in study.trials) == 3
    assert [trial.state for trial in study.trials[:2]] == ["complete", "complete"]


def test_time_ends_a_search(case):
    search(case, SearchRun(sampler="random", minutes=0.1))
    study = case.finish()
    assert study.state == "complete"
    assert study.search.ended in ("time", "space")
    assert study.search.spent < 6 + 3
    assert set(states(study)) <= {"complete", "pruned", "failed", "infeasible"}


def test_a_killed_search_is_resumed_and_ends(case):
    search(case, SearchRun(sampler="nsga2", trials=8))
    case.wait(lambda: workbench.study_status("s", case.store).done >= 3, "some results")
    os.kill(case.pid(), signal.SIGKILL)
    case.wait(lambda: workbench.study_status("s", case.store).state == "interrupted", "interruption")
    workbench.resume_study("s", case.store)
    study = case.finish()
    assert study.state == "complete"
    assert study.search.ended == "trials"
    assert "waiting" not in states(study)
    fingerprints = [trial.recipe_fingerprint for trial in study.trials]
    assert len(fingerprints) == len(set(fingerprints)) == 9


def test_latency_is_measured_while_searching_where_the_budget_asks_for_it(case):
    search(case, SearchRun(sampler="random", trials=5), budget=Budget.of(latency_ratio=50.0))
    study = case.finish()
    assert study.state == "complete"
    assert pick(study) is not None
    assert not any(trial.missed for trial in study.trials)


def test_a_search_shows_how_long_it_has_searched(case):
    search(case, SearchRun(sampler="random", minutes=10.0, trials=500))
    seen: list[StudyStatus] = []

    def told() -> bool:
        seen.append(workbench.study_status("s", case.store))
        current = seen[-1].current
        return current is not None and current.message == "searching" and current.done > 0

    case.wait(told, "progress of the search")
    assert seen[-1].current.total == 600
    workbench.cancel_study("s", case.store)
    study = workbench.study_result("s", case.store)
    assert study.state == "cancelled"
    assert study.search.ended is None
