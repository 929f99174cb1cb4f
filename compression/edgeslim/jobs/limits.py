"""Limits of time and memory for a trial, and the errors of a trial that exceeds them or dies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from edgeslim.errors import ErrorRecord, StudyError
from edgeslim.jobs.pool import Event, Limits
from edgeslim.studies.study import StudyPlan

if TYPE_CHECKING:
    from edgeslim.jobs.job import Job

MINUTES = 120.0
"""A trial's time limit without one in the plan."""
_SHARE, _AT_LEAST = 0.8, 4_000_000_000
"""Without a limit in the plan, all trials together may use this share of the memory, and each at least this many bytes.
"""
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def trial_limits(plan: StudyPlan, workers: int) -> Limits:
    """The plan's limits, else defaults for this number of parallel trials on this machine."""
    minutes = MINUTES if plan.trial_minutes is None else plan.trial_minutes
    share = int(_SHARE * _memory())
    memory = plan.trial_memory or min(share, max(share // workers, _AT_LEAST))
    return Limits(seconds=minutes * 60, memory=memory)


def ended(event: Event[Job]) -> ErrorRecord:
    """The error of a task whose process has ended before it was done."""
    if event.kind == "timeout":
        minutes = f"{event.value / 60:g}"
        return StudyError("trial_timeout", minutes=minutes).record()
    if event.kind == "memory":
        limit = f"{event.value / 1e9:.3g} GB"
        return StudyError("trial_memory", limit=limit).record()
    assert event.kind == "died"
    cause = f"signal {-event.value}" if event.value < 0 else f"exit code {event.value}"
    return StudyError("worker_died", cause=cause).record()


def _memory() -> int:
    """Bytes of memory of this machine, or of the container."""
    total = int(psutil.virtual_memory().total)
    try:
        return min(total, int(_CONTAINER.read_text()))
    except (OSError, ValueError):  # no container, or no limit ("max")
        return total
