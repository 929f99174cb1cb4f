"""What a study's process is doing, as a small file that it rewrites and everybody may read."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import psutil

from compression.artifacts.store import Store, write_atomically
from compression.search.storage import study_folder
from compression.search.study import StudyState

JobState = Literal["running", "complete", "cancelled", "failed"]
Phase = Literal["preparing", "trials", "latency", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """`done` of `total` trials are through; `progress` tells, by trial number, what runs and how far it is.

    A process is named by `pid` and `started`, its start time in seconds since the epoch: pids are reused.
    """

    state: JobState
    pid: int
    started: float
    phase: Phase = ""
    done: int = 0
    total: int = 0
    current: Mapping[str, Any] | None = None
    """What is done for the study as a whole (preparing, timing): message, done, total."""
    progress: Mapping[int, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    error: Mapping[str, Any] | None = None

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1.0
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    def to_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def identity(process: psutil.Process) -> tuple[int, float]:
    """(pid, start time): the name of a process that is never used again."""
    return process.pid, process.create_time()


def write_status(store: Store, name: str, status: JobStatus) -> None:
    """Replace the study's status. Raises StoreError."""
    content = json.dumps(status.to_json())
    write_atomically(study_folder(store, name) / "status.json", content.encode())


def read_status(store: Store, name: str) -> JobStatus | None:
    """The last status written, or None if the study was never started."""
    try:
        data = json.loads((study_folder(store, name) / "status.json").read_bytes())
    except FileNotFoundError:
        return None
    progress = {int(number): value for number, value in data["progress"].items()}
    return JobStatus(**{**data, "progress": progress})


def study_state(status: JobStatus | None) -> StudyState:
    """The study's state by its last status: 'interrupted' when a running process is gone without a word."""
    if status is None:
        return "waiting"
    if status.state == "running" and not status.alive:
        return "interrupted"
    return status.state


class StatusWriter:
    """The study's status file, rewritten by its process, but not more often than anyone looks."""

    INTERVAL = 0.5
    """Seconds."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name, self._written = store, name, 0.0
        self.phase: Phase = "preparing"
        self.done = self.total = 0
        self.progress: dict[int, dict[str, Any]] = {}
        self.current: dict[str, Any] | None = None

    def tell(self, now: bool = False) -> None:
        """Let the file say what this object says; at once with `now`."""
        if now or time.monotonic() - self._written >= self.INTERVAL:
            self._write("running", None)

    def end(self, error: Mapping[str, Any] | None) -> None:
        """The process is through: with an error the study has failed, else it is complete."""
        self.phase, self.progress, self.current = "", {}, None
        self._write("failed" if error else "complete", error)

    def _write(self, state: JobState, error: Mapping[str, Any] | None) -> None:
        pid, started = identity(psutil.Process())
        status = JobStatus(
            state=state,
            pid=pid,
            started=started,
            phase=self.phase,
            done=self.done,
            total=self.total,
            progress=self.progress,
            current=self.current,
            error=error,
        )
        write_status(self._store, self._name, status)
        self._written = time.monotonic()
