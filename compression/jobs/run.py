"""A study being run: recipes go to worker processes, and what they measure is kept on the trials.

When all are done, every file is timed, alone, and the trials are called complete.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from compression.artifacts.store import Store
from compression.errors import EdgeSlimError, StudyError
from compression.jobs.pool import Event, Pool
from compression.jobs.schedule import Schedule, Task
from compression.jobs.status import StatusWriter
from compression.jobs.trial import Job, Outcome, perform
from compression.recipe import Recipe
from compression.search.storage import StudyJournal, read
from compression.search.study import StudyResult, TrialResult

_TICK = 0.5
"""Seconds to wait for an event before the status is looked at again."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class StudyRun:
    """One pass over a study's unfinished trials. A context manager: leaving it ends the worker processes."""

    def __init__(self, store: Store, name: str, status: StatusWriter) -> None:
        self._store, self._name, self._status = store, name, status
        self._journal = StudyJournal(store, name)
        workers = self._journal.plan.workers or cores()
        self._threads = max(1, cores() // workers)
        # Inherited by the worker processes, which must not use every core each.
        os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(self._threads)))
        study = read(store, name)
        todo = [trial for trial in _unfinished(study) if not self._is_measured(trial)]
        self._baseline = study.baseline
        self._schedule = Schedule([(trial.number, Recipe.from_json(trial.recipe)) for trial in todo])
        status.total, status.done = len(study.trials), len(study.trials) - len(todo)
        self._pool: Pool[Job] = Pool(min(workers, max(1, len(todo))), perform)

    def __enter__(self) -> StudyRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def prepare(self) -> None:
        """Open model and data once, before anything is spent. Raises EdgeSlimError if that cannot be."""
        self._status.phase = "preparing"
        self._journal.note(**self._alone(Job(self._store.root, self._journal.plan, self._threads)))

    def trials(self) -> None:
        """Compress and score every unmeasured trial. Raises EdgeSlimError if going on makes no sense."""
        self._status.phase = "trials"
        self._status.tell(now=True)
        while len(self._schedule) or self._pool.running:
            while len(self._schedule) and self._pool.idle:
                self._submit(self._schedule.next())
            for event in self._pool.wait(_TICK):
                self._handle(event)
            self._status.tell()

    def latencies(self) -> None:
        """Time what was measured otherwise, interleaved with the baseline, and call these trials complete."""
        study = read(self._store, self._name)
        todo = [trial for trial in _unfinished(study) if self._is_measured(trial)]
        if not todo:
            return
        self._status.phase = "latency"
        self._status.progress = {trial.number: _progress("latency", 0, 0) for trial in todo}
        baseline = next(trial for trial in study.trials if trial.number == study.baseline)
        hashes = dict.fromkeys(trial.sha256 for trial in (baseline, *todo) if trial.sha256 is not None)
        timed = self._alone(Job(self._store.root, self._journal.plan, self._threads, files=tuple(hashes)))
        for trial in todo:
            self._complete(trial, timed)

    def _is_measured(self, trial: TrialResult) -> bool:
        return trial.sha256 is not None and self._store.path(trial.sha256).exists()

    def _complete(self, trial: TrialResult, timed: Mapping[str, Any]) -> None:
        assert trial.objective is not None
        assert trial.sizes is not None
        assert trial.sha256 is not None
        values = (trial.objective, float(trial.sizes["download"]))
        self._journal.complete(trial.number, timed[trial.sha256], values)

    def _submit(self, task: Task) -> None:
        self._journal.start(task.number)
        self._status.progress[task.number] = _progress("starting", 0, 0)
        self._pool.submit(Job(self._store.root, self._journal.plan, self._threads, task=task))

    def _handle(self, event: Event[Job]) -> None:
        task = event.task.task
        assert task is not None, "only tasks of the schedule run now"
        if event.kind == "progress":
            self._status.progress[task.number] = _progress(*event.value)
            return
        self._status.progress.pop(task.number, None)
        outcome: Outcome = event.value if event.kind == "done" else _died(event.value)
        if outcome.error is not None:
            self._fail(task, outcome)
            return
        self._schedule.finish(task)
        if task.evaluate:
            assert outcome.result is not None
            if task.number == self._baseline:
                self._journal.note(**{key: outcome.result[key] for key in ("environment", "primary_metric")})
            self._journal.record(task.number, outcome.result)
            self._status.done += 1

    def _fail(self, task: Task, outcome: Outcome) -> None:
        """The trial fails, and all that build on its result; the baseline's failure ends the study."""
        if outcome.stops_study or task.number == self._baseline:
            raise _as_error(outcome)
        for number in self._schedule.fail(task):
            self._journal.fail(number, outcome.state, outcome.error or {})
            self._status.done += 1

    def _alone(self, job: Job) -> Mapping[str, Any]:
        """Do one job while nothing else runs; return its result. Raises EdgeSlimError if it fails."""
        self._status.tell(now=True)
        self._pool.submit(job)
        while True:
            for event in self._pool.wait(_TICK):
                if event.kind == "progress":
                    self._status.current = _progress(*event.value)
                    continue
                outcome: Outcome = event.value if event.kind == "done" else _died(event.value)
                self._status.current = None
                if outcome.result is None:
                    raise _as_error(outcome)
                return outcome.result
            self._status.tell()


_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def _progress(message: str, done: int, total: int) -> dict[str, Any]:
    return {"message": message, "done": done, "total": total}


def _unfinished(study: StudyResult) -> list[TrialResult]:
    return [trial for trial in study.trials if trial.state == "waiting"]


def _died(exitcode: int) -> Outcome:
    cause = f"signal {-exitcode}" if exitcode < 0 else f"exit code {exitcode}"
    error = StudyError(
        "worker_died",
        f"The process that worked on this recipe died ({cause}).",
        "Often memory ran out: use fewer workers, then retry the trial.",
        cause=cause,
    )
    return Outcome(error=error.to_json())


def _as_error(outcome: Outcome) -> EdgeSlimError:
    """The outcome's error, to be raised."""
    known = outcome.error or {}
    return EdgeSlimError(known["code"], known["problem"], known["remedy"], **known["values"])
