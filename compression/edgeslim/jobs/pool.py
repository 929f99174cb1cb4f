"""What runs a study's jobs: processes of this machine (process_pool), or a cluster (cluster)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

Task = TypeVar("Task")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a task: seconds of work, and bytes of resident memory."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Event(Generic[Task]):
    """`value` is (message, done, total, who) for 'progress', the result for 'done', the exit code for 'died', the
    limit for 'timeout' and 'memory', which end the process."""

    kind: Literal["progress", "done", "died", "timeout", "memory"]
    task: Task
    value: Any


class Pool(Protocol[Task]):
    """Takes as many tasks as it has room for, and tells what becomes of each."""

    @property
    def idle(self) -> int:
        """How many more tasks there is room for."""
        ...

    @property
    def running(self) -> list[Task]: ...

    @property
    def ahead(self) -> int | None:
        """How many studies come before this one, if it waits for its turn with nothing at work."""
        ...

    def ready(self) -> bool:
        """Whether a task can be submitted now."""
        ...

    def submit(self, task: Task, limits: Limits | None = None) -> None:
        """Begin a task. It ends with one event that is not 'progress', unless it is abandoned."""
        ...

    def wait(self, timeout: float) -> list[Event[Task]]:
        """What happened in the next `timeout` seconds, as soon as something did."""
        ...

    def abandon(self) -> list[Task]:
        """End what is at work, and go on; returns the tasks, of which nothing more is told."""
        ...

    def close(self) -> None:
        """End all that is at work."""
        ...
