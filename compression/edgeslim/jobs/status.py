"""The status of a study's process: a small file that it rewrites."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.errors import ErrorRecord, StoreError
from edgeslim.records import ProgressRecord, decoded, encoded, shared
from edgeslim.studies.storage import study_folder
from edgeslim.studies.study import StudyState

RESERVE = 65_536
"""Bytes."""
JobState = Literal["running", "complete", "cancelled", "paused", "failed"]
Phase = Literal["preparing", "trials", "latency", "claims", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """How far a study is: `done` of `total` trials are finished; `progress` is that of the running trials, by number."""

    phase: Phase = ""
    done: int = 0
    total: int = 0
    current: ProgressRecord | None = None
    """Progress of the study as a whole (preparing, timing)."""
    progress: Mapping[int, ProgressRecord] = dataclasses.field(default_factory=dict)
    ahead: int | None = None
    """Number of studies before this one, while it waits for its turn."""
    pausing: bool = False
    """Running trials are finished, no other is started."""
    left: float | None = None
    """Seconds for the trials that are left at the pace so far; None until one has ended, and outside of the trials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus(Doing):
    """What a study's process tells of itself. It is named by `pid` and `started` (see `identity`): pids are reused."""

    state: JobState
    pid: int
    started: str
    error: ErrorRecord | None = None

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        return is_alive(self.pid, self.started)


def is_alive(pid: int, started: str) -> bool:
    """Whether the process of that identity still runs."""
    try:
        process = psutil.Process(pid)
        return bool(identity(process) == (pid, started) and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def identity(process: psutil.Process) -> tuple[int, str]:
    """(pid, start): the name of a process that is never used again, and does not depend on the clock.

    Linux counts a process's start from the machine's own (a number that psutil turns into a time of day, which
    changes when the clock is set); the other systems keep the time of day at which it started.
    Raises psutil.NoSuchProcess.
    """
    if not _BOOT.exists():
        return process.pid, repr(process.create_time())
    try:
        after_name = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError) as error:
        raise psutil.NoSuchProcess(process.pid) from error
    return process.pid, f"{_BOOT.read_text().strip()}/{after_name.split()[_START]}"


_BOOT = Path("/proc/sys/kernel/random/boot_id")
_START = 19
"""Which of the fields after a process's name is its start, in clock ticks (man 5 proc_pid_stat: field 22)."""


def write_status(store: Store, name: str, status: JobStatus) -> None:
    """Replace the study's status. Raises StoreError."""
    content = json.dumps(encoded(status))
    write_atomically(study_folder(store, name) / "status.json", content.encode())


def read_status(store: Store, name: str) -> JobStatus | None:
    """The last status written, or None if the study was never started."""
    try:
        return decoded(JobStatus, json.loads((study_folder(store, name) / "status.json").read_bytes()))
    except (FileNotFoundError, ValueError):  # only a failing disk, or another version, leaves something else
        return None


def status_version(store: Store, name: str) -> int | None:
    """What differs once the status does: when it was written."""
    try:
        return (study_folder(store, name) / "status.json").stat().st_mtime_ns
    except FileNotFoundError:
        return None


def study_state(status: JobStatus | None) -> StudyState:
    """The study's state by its last status: 'interrupted' if a running process has vanished."""
    if status is None:
        return "waiting"
    if status.state == "running" and not status.alive:
        return "interrupted"
    return status.state


class StatusWriter:
    """Writes the study's status file, at most every INTERVAL. A reserve file beside it keeps room on the disk for the
    last status. Raises StoreError.
    """

    INTERVAL = 0.5
    """Seconds."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name, self._written = store, name, 0.0
        self._reserve = study_folder(store, name) / "reserve"
        write_atomically(self._reserve, os.urandom(RESERVE))
        self.phase: Phase = "preparing"
        self.done = self.total = 0
        self.progress: dict[int, ProgressRecord] = {}
        self.current: ProgressRecord | None = None
        self.ahead: int | None = None
        self.pausing = False
        self._began: tuple[int, float] | None = None
        """How many trials were done when the others began, and when that was."""

    def tell(self, now: bool = False) -> None:
        """Write the status if INTERVAL has passed, or `now`."""
        if now or time.monotonic() - self._written >= self.INTERVAL:
            self._write("running", None)

    def end(self, error: ErrorRecord | None, state: JobState = "complete") -> None:
        """Write the last status: with an error the study has failed, else it is in `state`."""
        self.phase, self.progress, self.current = "", {}, None
        self.ahead, self.pausing = None, False
        try:
            self._write("failed" if error else state, error)
        except StoreError:
            self._reserve.unlink(missing_ok=True)  # so that a full disk can be reported
            self._write("failed" if error else state, error)
        self._reserve.unlink(missing_ok=True)

    @property
    def left(self) -> float | None:
        now = time.monotonic()
        if self.phase != "trials" or self.ahead is not None:
            self._began = None
            return None
        self._began = self._began or (self.done, now)
        ended, since = self.done - self._began[0], now - self._began[1]
        return since / ended * (self.total - self.done) if ended else None

    def _write(self, state: JobState, error: ErrorRecord | None) -> None:
        pid, started = identity(psutil.Process())
        status = JobStatus(state=state, pid=pid, started=started, error=error, **shared(Doing, self))
        write_status(self._store, self._name, status)
        self._written = time.monotonic()
