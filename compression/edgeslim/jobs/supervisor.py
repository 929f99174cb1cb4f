"""Starting, stopping and repairing studies from outside their process. Needs no torch and no onnxruntime."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from edgeslim.artifacts.store import (
    PATIENCE,
    STORAGE_VARIABLE,
    Store,
    write_atomically,
)
from edgeslim.errors import StudyError
from edgeslim.jobs.launching import launch, reap
from edgeslim.jobs.status import (
    JobStatus,
    identity,
    read_status,
    status_version,
    study_state,
    write_status,
)
from edgeslim.models.base import ModelSpec
from edgeslim.records import encoded
from edgeslim.studies.folders import journal_version
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.storage import PlannedTrial, StudyJournal, forget, read, study_folder
from edgeslim.studies.study import StudyResult, StudyState

HERE = "none"
"""In place of a cluster's address."""
DATABASE_SECONDS = 3.0
"""For so long what was read of a running study in a database counts as unchanged."""
_SECONDS_TO_END = 10.0


def state(store: Store, name: str) -> StudyState:
    """What the study is doing, by its process. The study must exist."""
    return state_and_status(store, name)[0]


def state_and_status(store: Store, name: str) -> tuple[StudyState, JobStatus | None]:
    """What the study is doing, and the last status of its process, of one reading. The study must exist."""
    reap()
    status = read_status(store, name)
    return study_state(status), status


def load(store: Store, name: str) -> StudyResult:
    """The study with its state and the progress of what runs. Raises StudyError if there is none."""
    now, status = state_and_status(store, name)
    found = read(store, name, now, status.progress if status else None)
    return replace(found, error=status.error) if status and now == "failed" else found


def version(store: Store, name: str) -> str:
    """What differs once `load` does, but for the progress of running trials; nothing is read for it.

    While a study in a database runs, it differs every few seconds. Raises StudyError if there is no such study.
    """
    journal, now = journal_version(store, name), state(store, name)
    if now != "running":
        changed = status_version(store, name)
    else:
        changed = None if journal else int(time.monotonic() // DATABASE_SECONDS)
    return f"{study_folder(store, name)} {journal} {now} {changed}"


def start(store: Store, name: str, cluster: str | None = None) -> None:
    """Run the study's unfinished trials in a process of their own, which survives this one.

    With `cluster` trials are done there from now on: a Dask scheduler's address, or HERE for this machine.
    Raises StudyError if there is no such study, it runs already, or nothing is left to do.
    """
    with store.lock(f"study-{name}", PATIENCE):
        _refuse_running(store, name)
        if not _unfinished(read(store, name)):
            raise StudyError("study_complete", name=name)
        if cluster is not None:
            journal = StudyJournal(store, name)
            journal.note(plan=replace(journal.plan, cluster=None if cluster == HERE else cluster).to_json())
        pause_file(store, name).unlink(missing_ok=True)
        # The database is no argument: other users can see those.
        database = {STORAGE_VARIABLE: store.database or ""}
        process = launch("edgeslim.jobs.worker", store, log_path(store, name), "--study", name, **database)
        pid, started = identity(psutil.Process(process))
        write_status(store, name, JobStatus(state="running", phase="preparing", pid=pid, started=started))


def cancel(store: Store, name: str) -> None:
    """End the study's process and its workers; what is finished stays. Raises StudyError."""
    with store.lock(f"study-{name}", PATIENCE):
        status = read_status(store, name)
        if study_state(status) not in ("running", "interrupted"):
            raise StudyError("study_not_running", name=name)
        assert status is not None
        _end(status)
        ended = replace(status, state="cancelled", phase="", progress={}, current=None)
        write_status(store, name, ended)


class StudyPaused(Exception):
    """A paused study has finished its running trials."""


def pause(store: Store, name: str) -> None:
    """Let the study finish its running trials and end. Raises StudyError if it does not run."""
    with store.lock(f"study-{name}", PATIENCE):
        if study_state(read_status(store, name)) != "running":
            raise StudyError("study_not_running", name=name)
        write_atomically(pause_file(store, name), b"")


def retry(
    store: Store,
    name: str,
    numbers: Iterable[int] | None = None,
    trial_minutes: float | None = None,
    trial_memory: int | None = None,
) -> list[int]:
    """Queue failed trials again (all, or those given) and return the new numbers. Raises StudyError.

    Limits that are given are the study's from now on.
    """
    with store.lock(f"study-{name}", PATIENCE):
        _refuse_running(store, name)
        failed = {trial.number: trial for trial in read(store, name).trials if trial.state == "failed"}
        chosen = sorted(failed) if numbers is None else list(numbers)
        unknown = [number for number in chosen if number not in failed]
        if unknown:
            raise StudyError("not_failed", name=name, number=unknown[0])
        if not chosen:
            raise StudyError("none_failed", name=name)
        journal = StudyJournal(store, name)
        minutes, memory = (
            trial_minutes or journal.plan.trial_minutes,
            trial_memory or journal.plan.trial_memory,
        )
        journal.note(plan=replace(journal.plan, trial_minutes=minutes, trial_memory=memory).to_json())
        return journal.add(
            PlannedTrial(trial.recipe, trial.title, trial.recipe_fingerprint, replaces=number)
            for number, trial in ((number, failed[number]) for number in chosen)
        )


def add(store: Store, name: str, trials: Sequence[PlannedTrial]) -> list[int]:
    """Queue more recipes, leaving out those that the study has; return their numbers. Raises StudyError."""
    with store.lock(f"study-{name}", PATIENCE):
        _refuse_running(store, name)
        known = {t.recipe_fingerprint for t in read(store, name).trials if not t.passed_over}
        return StudyJournal(store, name).add(trial for trial in trials if trial.fingerprint not in known)


def pin_spec(store: Store, name: str, spec: ModelSpec) -> None:
    """Let a study that takes its model as it is listed keep this specification, whatever the list says later.

    Raises StudyError if it runs.
    """
    with store.lock(f"study-{name}", PATIENCE):
        _refuse_running(store, name)
        journal = StudyJournal(store, name)
        journal.note(plan=replace(journal.plan, spec=spec).to_json())


def search_on(store: Store, name: str, search_run: SearchRun) -> None:
    """Let the study begin another run of its search when it is started. Raises StudyError."""
    with store.lock(f"study-{name}", PATIENCE):
        _refuse_running(store, name)
        journal = StudyJournal(store, name)
        journal.note(search=encoded(replace(search_run, first=journal.count)))


def delete(store: Store, name: str, *, force: bool = False) -> None:
    """Forget the study; the files that it made stay. Raises StudyError if it runs or does not exist.

    `force`: as `studies.storage.forget` has it. Raises StoreError.
    """
    with store.lock(f"study-{name}", PATIENCE):
        _refuse_running(store, name)
        forget(store, name, force=force)


def log_path(store: Store, name: str) -> Path:
    """What the study's processes printed."""
    return study_folder(store, name) / "log.txt"


def pause_file(store: Store, name: str) -> Path:
    """While this file exists, the study's process starts no further trial."""
    return study_folder(store, name) / "pause"


def _refuse_running(store: Store, name: str) -> None:
    if state(store, name) == "running":
        raise StudyError("study_running", name=name)


def _unfinished(study: StudyResult) -> bool:
    """Whether a trial waits, the search is not over, or the study died before its conclusion."""
    waiting = any(trial.state == "waiting" for trial in study.trials)
    return waiting or study.searching or study.concluded != study.complete


def _end(status: JobStatus) -> None:
    """Ask the process to end, and make it end if it does not. Its workers end with it."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _SECONDS_TO_END
        with contextlib.suppress(psutil.NoSuchProcess):
            if status.alive:
                psutil.Process(status.pid).send_signal(request)
        while status.alive and time.monotonic() < deadline:
            time.sleep(0.05)
