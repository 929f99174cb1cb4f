"""What a study relies on, whichever pool runs its jobs: processes of this machine, or a cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import linear_digits
from acting import acting, pictures
from edgeslim.artifacts.store import Store
from edgeslim.jobs.job import Job, perform
from edgeslim.jobs.limits import ended, trial_limits
from edgeslim.jobs.pool import Event, Pool
from edgeslim.jobs.process_pool import ProcessPool
from edgeslim.recipe import Recipe
from edgeslim.studies.study import StudyPlan
from edgeslim.studies.task import TrialTask

SECONDS = 120.0
HANGS = 0.1
"""Minutes after which a trial that hangs is stopped."""


class Case:
    """A pool with room for two trials of a study, and the study."""

    def __init__(self, pool: Pool[Job], store: Store, plan: StudyPlan) -> None:
        self.pool, self.store, self.plan, self._count = pool, store, plan, 0

    def submit(self, what: str = "nothing", **parameters: Any) -> Job:
        """A trial whose step does that."""
        self._count += 1
        step = {"step": "act", "change": self._count / 10, "what": what, **parameters}
        task = TrialTask(self._count, Recipe.from_json({"steps": [step]}), evaluate=True)
        job = Job(self.store.root, self.plan, 1, task=task)
        assert self.pool.ready()
        minutes = HANGS if what == "hang" else self.plan.trial_minutes
        self.pool.submit(job, trial_limits(replace(self.plan, trial_minutes=minutes), 2))
        return job

    def events(self, count: int = 1) -> list[Event[Job]]:
        """All events until `count` tasks are over, of which nothing else is told then."""
        events: list[Event[Job]] = []
        deadline = time.monotonic() + SECONDS
        while sum(event.kind != "progress" for event in events) < count:
            assert time.monotonic() < deadline, f"only {events}"
            events += self.pool.wait(1.0)
        return events

    def outcomes(self, count: int = 1) -> dict[int, str]:
        """By the number of each trial: its file's SHA-256, or the code of its error."""
        return {
            task(event.task).number: outcome(event)
            for event in self.events(count)
            if event.kind != "progress"
        }


def task(job: Job) -> TrialTask:
    assert job.task is not None
    return job.task


def outcome(event: Event[Job]) -> str:
    error = event.value.error if event.kind == "done" else ended(event)
    return str(event.value.result["sha256"] if error is None else error.code)


@contextmanager
def processes(store: Store, folder: Path) -> Iterator[Pool[Job]]:
    pool = ProcessPool[Job](2, perform)
    yield pool
    pool.close()


@contextmanager
def cluster(store: Store, folder: Path) -> Iterator[Pool[Job]]:
    from dask_cluster import Cluster
    from edgeslim.jobs.cluster import ClusterPool

    machines = Cluster(folder)
    pool = ClusterPool(machines.address, store, "s")
    yield pool
    pool.close()
    machines.close()


@pytest.fixture(scope="module", params=[processes, cluster], ids=lambda pool: pool.__name__)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("pools")
    model = linear_digits.write(folder / "linear.onnx", *linear_digits.solve())
    data = pictures(folder / "pictures", 4)
    plan = StudyPlan(
        name="s", model=str(model), model_name="linear", dataset=str(data), dataset_name="pictures", created="",
        trial_minutes=0.3, trial_memory=3_000_000_000,
    )  # fmt: skip
    store = Store(folder / "store")
    with acting(folder), request.param(store, folder) as pool:
        yield Case(pool, store, plan)


def test_there_is_room_again_when_a_trial_is_over(case: Case) -> None:
    pool = case.pool
    assert (pool.idle, pool.running, pool.ready()) == (2, [], True)
    jobs = [case.submit(), case.submit()]
    assert (pool.idle, pool.running, pool.ready()) == (0, jobs, False)
    made = case.outcomes(2)
    assert [case.store.path(sha256).is_file() for sha256 in made.values()] == [True, True]
    assert set(made) == {task(job).number for job in jobs} and len(set(made.values())) == 2
    assert (pool.idle, pool.running, pool.ready()) == (2, [], True)


def test_progress_comes_before_the_outcome_and_nothing_after_it(case: Case) -> None:
    job = case.submit("sleep", seconds=2.0)
    *progress, last = case.events()
    assert any(event.value[0] == "act" and event.value[2] == 40 for event in progress), "as the step told it"
    assert all(event.task is job for event in (*progress, last))
    assert [event.kind for event in (*progress, last)] == ["progress"] * len(progress) + ["done"]
    assert case.pool.wait(0.5) == []


@pytest.mark.parametrize(
    ("what", "code"),
    [("raise", "unexpected"), ("infeasible", "too_much"), ("die", "worker_died"), ("hang", "trial_timeout")],
)
def test_a_trial_that_goes_wrong_has_its_reason_and_costs_nobody_elses(
    case: Case, what: str, code: str
) -> None:
    wrong, other = case.submit(what, seconds=600.0), case.submit()
    found = case.outcomes(2)
    assert found[task(wrong).number] == code
    assert case.store.path(found[task(other).number]).is_file()
    again = [case.submit(), case.submit()]
    assert set(case.outcomes(2)) == {task(job).number for job in again}


def test_of_what_is_abandoned_nothing_more_is_told(case: Case) -> None:
    given_up = case.submit("sleep", seconds=60.0)
    assert case.pool.abandon() == [given_up]
    assert case.pool.running == []
    after = case.submit()
    assert all(event.task is after for event in case.events())
