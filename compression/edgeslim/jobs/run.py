"""Running a study: recipes go to worker processes, and their measurements are recorded on the trials.

At the end all files are timed while nothing else computes, and the trials become complete.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError
from edgeslim.jobs.core_queue import CoreQueue
from edgeslim.jobs.job import Job, Outcome, perform
from edgeslim.jobs.limits import ended, trial_limits
from edgeslim.jobs.pool import Event, Pool
from edgeslim.jobs.process_pool import ProcessPool
from edgeslim.jobs.schedule import Schedule
from edgeslim.jobs.status import StatusWriter
from edgeslim.jobs.supervisor import StudyPaused, pause_file
from edgeslim.measurement.machine import cores
from edgeslim.processes import threads
from edgeslim.recipe import Recipe
from edgeslim.records import Latency, ProgressRecord, decoded
from edgeslim.runtime import MAIN, runtime_environment
from edgeslim.runtime.environment import environment
from edgeslim.search.policy import ROUNDS, Search
from edgeslim.studies.budget import excesses, limited_elsewhere
from edgeslim.studies.figures import objective_values
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.storage import StudyJournal, read
from edgeslim.studies.study import FOR_TRIALS, StudyResult
from edgeslim.studies.task import Timing, TrialTask
from edgeslim.studies.trial import TrialResult

_TICK = 0.5
"""Seconds to wait for an event before the status is written again."""


class StudyRun:
    """One pass over a study's unfinished trials. A context manager: leaving it ends the worker processes."""

    def __init__(self, store: Store, name: str, status: StatusWriter) -> None:
        self._store, self._name, self._status = store, name, status
        self._journal = StudyJournal(store, name)
        workers = self._journal.plan.workers or cores()
        self._threads = max(1, cores() // workers)
        # Inherited by the worker processes, which must not use every core each.
        os.environ.update(threads(self._threads))
        study = read(store, name)
        todo = [t for t in _unfinished(study) if not (t.proposed or self._is_measured(t))]
        self._baseline = study.baseline
        minutes = self._journal.plan.minutes
        self._deadline = None if minutes is None else time.monotonic() + FOR_TRIALS * 60 * minutes
        self._schedule = Schedule(
            [(trial.number, Recipe.from_json(trial.recipe.to_json())) for trial in todo],
            in_order=minutes is not None,
        )
        status.total, status.done = len(study.trials), len(study.trials) - len(todo)
        self._limits = trial_limits(self._journal.plan, workers)
        at_once = workers if study.searching else min(workers, max(1, len(todo)))
        self._pool = self._pool_of(at_once)
        self._steps: tuple[str, ...] = ()
        self._images: str | None = None

    def __enter__(self) -> StudyRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def _pool_of(self, size: int) -> Pool[Job]:
        """So many processes here, or the study's cluster. Raises StudyError if that cannot be used."""
        cluster = self._journal.plan.cluster
        if cluster is None:
            turns = CoreQueue(str(self._store.root.resolve()), self._threads)
            return ProcessPool(size, perform, turns)
        from edgeslim.jobs.cluster import ClusterPool

        return ClusterPool(cluster, self._store, self._name)

    def prepare(self) -> None:
        """Open model and data once, before any compute. Raises EdgeSlimError if that fails."""
        self._status.phase = "preparing"
        while not self._pool.ready():
            self._tick()
            self._leave_if_paused()
        facts = dict(self._alone(Job(self._store.root, self._journal.plan, self._threads)))
        self._steps, self._images = tuple(facts.pop("steps")), facts.pop("fingerprint")
        self._journal.note(**facts)

    def trials(self) -> None:
        """Compress and score every unmeasured trial. Raises EdgeSlimError if no other trial could succeed."""
        self._status.phase = "trials"
        self._status.tell(now=True)
        while len(self._schedule) or self._pool.running:
            while len(self._schedule) and not self._pausing() and self._pool.ready():
                self._submit(self._schedule.next())
            for event in self._tick():
                self._handle(event)
            self._leave_if_paused()
            if self._deadline is not None and time.monotonic() > self._deadline and self._end_in_time():
                return

    def _end_in_time(self) -> bool:
        """End what is at work, and the trials that wait. Not before there is a baseline: nothing could be timed."""
        study = read(self._store, self._name)
        left = [trial.number for trial in study.trials if not (self._is_measured(trial) or trial.error)]
        if self._baseline in left:
            return False
        self._pool.abandon()
        self._status.progress.clear()
        error = StudyError("out_of_time", minutes=f"{self._journal.plan.minutes or 0.0:g}").record()
        for number in left:
            self._journal.fail(number, "out_of_time", error)
            self._status.done += 1
        return True

    def search(self) -> None:
        """Measure what the study's search proposes, until it ends. Raises EdgeSlimError as `trials` does."""
        study = read(self._store, self._name)
        if not study.searching:
            return
        search = Search(self._journal, study, self._steps)
        todo: TrialTask | Timing | None = None
        while not search.time_is_up:
            began, waited = time.monotonic(), not self._pool.running
            while self._pool.idle and not self._pausing():
                todo = todo or search.next()
                if todo is None or not self._pool.ready():
                    break
                self._try(todo)
                todo = None
            if todo is None and not self._pool.running and not self._pausing():
                break
            for event in self._tick():
                self._found(search, event)
            if not (waited and todo is not None):
                search.work(time.monotonic() - began)
            self._status.current = _searching(search.search_run)
            self._leave_if_paused()
        self._pool.abandon()
        search.finish()
        self._status.current, self._status.progress = None, {}

    def latencies(self) -> None:
        """Time the measured files, interleaved with the baseline, and mark their trials complete."""
        study = read(self._store, self._name)
        todo = [trial for trial in _unfinished(study) if self._is_measured(trial)]
        if not todo:
            return
        self._status.phase = "latency"
        self._status.progress = {trial.number: ProgressRecord("latency", 0, 0) for trial in todo}
        baseline = next(trial for trial in study.trials if trial.number == study.baseline)
        files: dict[str, list[str]] = {}
        for trial in (baseline, *todo):
            for name, sha256 in trial.delivered.items():
                if sha256 not in files.setdefault(name, []):
                    files[name].append(sha256)
        timed = self._alone(Job(self._store.root, self._journal.plan, self._threads, files=files))
        for trial in todo:
            self._complete(trial, timed, baseline.objective)

    def conclude(self) -> None:
        """Conclude the study (jobs.conclude), now that nothing is left to be chosen."""
        self._status.phase = "claims"
        job = Job(self._store.root, self._journal.plan, self._threads, conclude=True)
        self._journal.note(**self._alone(job))

    def _tick(self) -> list[Event[Job]]:
        """Wait a moment, write the status, and return the events."""
        events = self._pool.wait(_TICK)
        self._status.ahead, self._status.pausing = self._pool.ahead, self._pausing()
        self._status.tell()
        return events

    def _pausing(self) -> bool:
        return pause_file(self._store, self._name).exists()

    def _leave_if_paused(self) -> None:
        """Raise StudyPaused once nothing runs any more."""
        if self._pausing() and not self._pool.running:
            raise StudyPaused

    def _is_measured(self, trial: TrialResult) -> bool:
        """Whether it was scored, and its file, as delivered for every runtime, is still there."""
        suffixes = {name: figures.suffix for name, figures in trial.runtimes.items()}
        paths = (self._store.path(of, suffixes.get(name, ".onnx")) for name, of in trial.delivered.items())
        return trial.sha256 is not None and all(path.exists() for path in paths)

    def _complete(self, trial: TrialResult, timed: Mapping[str, Any], original: float | None) -> None:
        latencies = {name: decoded(Latency, timed[name][sha256]) for name, sha256 in trial.delivered.items()}
        plan, done = self._journal.plan, trial.with_latencies(latencies)
        found = objective_values(done)
        values = [found[name] for name in plan.objectives]
        misses = excesses({**limited_elsewhere(done, plan.budget), **found}, plan.budget, original)
        self._journal.complete(trial.number, latencies.pop(MAIN), values, misses, latencies)

    def _submit(self, task: TrialTask) -> None:
        self._journal.start(task.number)
        self._status.progress[task.number] = ProgressRecord("starting", 0, 0)
        job = Job(self._store.root, self._journal.plan, self._threads, task=task, images=self._images)
        self._pool.submit(job, self._limits)

    def _try(self, todo: TrialTask | Timing) -> None:
        """Submit what the search asks for."""
        if isinstance(todo, Timing):
            job = Job(
                self._store.root, self._journal.plan, self._threads, files={MAIN: todo.files}, rounds=ROUNDS
            )
            self._pool.submit(job)
        else:
            self._submit(todo)
            self._status.total = max(self._status.total, todo.number + 1)

    def _found(self, search: Search, event: Event[Job]) -> None:
        """Give the search the result of what it asked for."""
        task = event.task.task
        if event.kind == "progress":
            if task is not None:
                self._status.progress[task.number] = ProgressRecord(*event.value)
            return
        outcome = _outcome(event)
        if outcome.stops_study or (task is None and outcome.result is None):
            raise outcome.as_error()
        if task is None:
            search.timed(decoded(dict[str, Latency], (outcome.result or {})[MAIN]))
            return
        self._status.progress.pop(task.number, None)
        self._status.done += 1
        if outcome.result is None:
            search.failed(task)
            self._journal.fail(task.number, outcome.state, outcome.failure)
        else:
            search.done(task, outcome.result)

    def _handle(self, event: Event[Job]) -> None:
        task = event.task.task
        assert task is not None, "only tasks of the schedule run now"
        if event.kind == "progress":
            self._status.progress[task.number] = ProgressRecord(*event.value)
            return
        self._status.progress.pop(task.number, None)
        outcome = _outcome(event)
        if outcome.error is not None:
            self._fail(task, outcome)
            return
        self._schedule.finish(task)
        if task.evaluate:
            assert outcome.result is not None
            if task.number == self._baseline:
                # Latency is measured here, wherever the file was made.
                metric = outcome.result["primary_metric"]
                here = environment() | runtime_environment(self._journal.plan.runtimes)
                self._journal.note(environment=here, primary_metric=metric)
            self._journal.record(task.number, outcome.result)
            self._status.done += 1

    def _fail(self, task: TrialTask, outcome: Outcome) -> None:
        """Fail the trial and all that build on its result; the baseline's failure ends the study."""
        if outcome.stops_study or task.number == self._baseline:
            raise outcome.as_error()
        for number in self._schedule.fail(task):
            self._journal.fail(number, outcome.state, outcome.failure)
            self._status.done += 1

    def _alone(self, job: Job) -> Mapping[str, Any]:
        """Do one job while nothing else runs; return its result. Raises EdgeSlimError if it fails."""
        self._status.tell(now=True)
        self._pool.submit(job)
        while True:
            for event in self._tick():
                if event.kind == "progress":
                    self._status.current = ProgressRecord(*event.value)
                    continue
                outcome = _outcome(event)
                self._status.current = None
                if outcome.result is None:
                    raise outcome.as_error()
                return outcome.result


def _searching(search_run: SearchRun) -> ProgressRecord:
    return ProgressRecord("searching", round(search_run.spent), round(60 * (search_run.minutes or 0)))


def _unfinished(study: StudyResult) -> list[TrialResult]:
    return [trial for trial in study.trials if trial.state == "waiting"]


def _outcome(event: Event[Job]) -> Outcome:
    """What a job has come to, of an event that ends it."""
    outcome: Outcome = event.value if event.kind == "done" else Outcome(error=ended(event))
    return outcome
