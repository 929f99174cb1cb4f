"""Worker processes, one task at a time each. One that dies costs its own task only, and is replaced."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, Literal, TypeVar

from compression.progress import Progress

Task = TypeVar("Task")
Perform = Callable[[Any, Progress], Any]
"""Does a task (picklable) and returns its result (picklable). Must be importable by name; must not raise."""

PROGRESS_INTERVAL = 0.25
"""Seconds between two progress messages of one task with the same words."""


@dataclass(frozen=True, slots=True)
class Event(Generic[Task]):
    """`value` is (message, done, total) for 'progress', the result for 'done', the exit code for 'died'."""

    kind: Literal["progress", "done", "died"]
    task: Task
    value: Any


@dataclass(slots=True)
class _Slot(Generic[Task]):
    process: BaseProcess
    connection: Connection[Any, Any]
    task: Task | None = None


class Pool(Generic[Task]):
    """`size` processes, started afresh (spawn) and ended by `close`."""

    def __init__(self, size: int, perform: Perform) -> None:
        self._perform = perform
        self._slots: list[_Slot[Task]] = [self._start() for _ in range(size)]

    @property
    def idle(self) -> int:
        """How many tasks can be submitted now."""
        return sum(slot.task is None for slot in self._slots)

    @property
    def running(self) -> list[Task]:
        return [slot.task for slot in self._slots if slot.task is not None]

    def submit(self, task: Task) -> None:
        """Give the task to an idle process; there must be one."""
        slot = next(slot for slot in self._slots if slot.task is None)
        slot.task = task
        with contextlib.suppress(BrokenPipeError):  # it died while idle: `wait` will tell
            slot.connection.send(task)

    def wait(self, timeout: float) -> list[Event[Task]]:
        """What happened in the next `timeout` seconds, as soon as something did."""
        by_handle: dict[Any, _Slot[Task]] = {slot.connection: slot for slot in self._slots}
        ready = wait(list(by_handle), timeout)
        return [event for handle in ready for event in self._receive(by_handle[handle])]

    def close(self) -> None:
        """End all processes at once, whatever they do: their files are written atomically."""
        for slot in self._slots:
            slot.process.kill()
        for slot in self._slots:
            slot.process.join()
            slot.connection.close()
        self._slots = []

    def _receive(self, slot: _Slot[Task]) -> list[Event[Task]]:
        try:
            kind, value = slot.connection.recv()
        except (EOFError, OSError):
            return self._replace(slot)
        assert slot.task is not None, "only a process with a task speaks"
        task = slot.task
        if kind == "done":
            slot.task = None
        return [Event(kind, task, value)]

    def _replace(self, slot: _Slot[Task]) -> list[Event[Task]]:
        slot.process.join()
        slot.connection.close()
        self._slots[self._slots.index(slot)] = self._start()
        return [] if slot.task is None else [Event("died", slot.task, slot.process.exitcode)]

    def _start(self) -> _Slot[Task]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._perform), daemon=True)
        process.start()
        theirs.close()
        return _Slot(process, ours)


def _serve(connection: Connection[Any, Any], perform: Perform) -> None:
    """A worker process's life: take a task, do it, answer. It ends with the process that started it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        task = connection.recv()
        connection.send(("done", perform(task, _Reporter(connection))))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "only worker processes serve"
    parent.join()
    os._exit(1)


class _Reporter:
    """Progress that goes to the parent, often enough for the eye."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection, self._message, self._sent = connection, "", 0.0

    def __call__(self, message: str, done: int, total: int) -> None:
        now = time.monotonic()
        if message != self._message or now - self._sent >= PROGRESS_INTERVAL:
            self._connection.send(("progress", (message, done, total)))
            self._message, self._sent = message, now
