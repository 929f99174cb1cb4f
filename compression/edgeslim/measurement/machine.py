"""Sharing this machine: its cores, and that compute may run side by side but a latency measurement runs alone."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeslim.artifacts.shared_lock import SharedLock
from edgeslim.errors import StudyError
from edgeslim.progress import Progress, silent

LOCKS_VARIABLE = "EDGESLIM_LOCKS"
"""A folder that several accounts on one machine can write to: they then share its cores, and measure alone."""
CORES_VARIABLE = "EDGESLIM_CORES"
"""How many cores the studies on this machine may use together."""
PATIENCE = 180.0
"""Seconds that a measurement of latency waits for others, before it is taken beside them."""
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def locks_folder() -> Path:
    """Where what is shared on this machine is locked: $EDGESLIM_LOCKS, else this account's own folder."""
    given = os.environ.get(LOCKS_VARIABLE)
    return Path(given) if given else Path(tempfile.gettempdir()) / f"edgeslim-{os.getuid()}"


@contextmanager
def busy(who: str = "", progress: Progress = silent) -> Iterator[Progress]:
    """Hold while computing for `who`; waits while somebody measures, or waits to measure.

    Yields a progress to use meanwhile, the more often the better: it makes way for who waits to measure, and returns
    when the machine is free again. `progress` hears of that, and of what is told.
    """

    def waiting(seconds: float, holders: tuple[str, ...]) -> None:
        progress("waiting_while_measured", int(seconds), 0, ", ".join(holders))

    with _machine().shared(_name(who), waiting) as breathe:

        def report(message: str, done: int, total: int, who: str = "") -> None:
            breathe()
            progress(message, done, total, who)

        yield report


@contextmanager
def alone(who: str = "", progress: Progress = silent) -> Iterator[bool]:
    """Hold while measuring latency for `who`: no `busy` process computes, in any study or store.

    Yields whether that is so: after PATIENCE seconds of waiting, of which `progress` hears, it is not.
    """

    def waiting(seconds: float, holders: tuple[str, ...]) -> None:
        progress("waiting_to_measure", int(seconds), int(PATIENCE), ", ".join(holders))

    with _machine().alone(PATIENCE, _name(who), waiting) as undisturbed:
        yield undisturbed


def measuring() -> bool:
    """Whether a process measures, or waits to: computing processes may then be paused."""
    return _machine().wanted_alone()


def cores() -> int:
    """How many cores studies may use: $EDGESLIM_CORES, else those of this process, within its container's quota.

    Raises StudyError if the variable is no number of cores.
    """
    given = os.environ.get(CORES_VARIABLE)
    if not given:
        return max(1, min(len(allowed()), _quota()))
    if not given.isdecimal() or int(given) < 1:
        raise StudyError("cores_variable", variable=CORES_VARIABLE, given=given)
    return int(given)


def allowed() -> list[int]:
    """The numbers of the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def pin(to: Iterable[int]) -> None:
    """Keep all threads of this process, and those to come, to these cores, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        return
    chosen = set(to)
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(int(thread), chosen)


def _name(who: str) -> str:
    """How others call this process."""
    return f"{who} (pid {os.getpid()})".lstrip()


def _machine() -> SharedLock:
    return SharedLock(locks_folder(), "machine")


def _quota() -> int:
    """Cores' worth of time that the container may use, rounded up."""
    try:
        quota, period = _QUOTA.read_text().split()
    except (OSError, ValueError):
        return len(allowed())
    return len(allowed()) if quota == "max" else math.ceil(int(quota) / int(period))
