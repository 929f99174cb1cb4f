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
from typing import Any, Generic, Literal

import psutil

from edgeslim.jobs.core_queue import CoreQueue, Turn
from edgeslim.jobs.pool import Event, Limits, Task
from edgeslim.measurement.machine import measuring, pin
from edgeslim.progress import Progress

Perform = Callable[[Any, Progress], Any]
"""Does a task (picklable) and returns its result (picklable). Must be importable by name; must not raise."""

PROGRESS_INTERVAL = 0.25
"""Seconds between two progress messages of one task with the same words."""
_SHORT = 0.15
"""The share of memory that should be available, before processes that wait for their turn are kept."""


@dataclass(slots=True)
class _Process:
    process: BaseProcess
    connection: Connection[Any, Any]


@dataclass(slots=True)
class _Work(Generic[Task]):
    """A task in a process. `used` counts seconds; those in which somebody measures latency are not its own."""

    task: Task
    turn: Turn | None
    limits: Limits | None
    looked: float
    used: float = 0.0
    taken: bool = False
    """Whether the process has begun. One that died before that costs the task nothing, once."""
    again: bool = False


@dataclass(slots=True)
class _Slot(Generic[Task]):
    running: _Process | None = None
    work: _Work[Task] | None = None


class ProcessPool(Generic[Task]):
    """`size` processes, started afresh (spawn) with the first task and ended by `close`.

    With `turns`, tasks are given out when it is this study's turn, and are done on that turn's cores.
    """

    def __init__(self, size: int, perform: Perform, turns: CoreQueue | None = None) -> None:
        self._perform, self._turns = perform, turns
        self._slots: list[_Slot[Task]] = [_Slot() for _ in range(size)]
        self._turn: Turn | None = None
        """Taken for the next task."""

    @property
    def idle(self) -> int:
        """How many processes have nothing to do."""
        return sum(slot.work is None for slot in self._slots)

    @property
    def running(self) -> list[Task]:
        return [slot.work.task for slot in self._slots if slot.work is not None]

    @property
    def ahead(self) -> int | None:
        """How many studies come before this one, if it waits for its turn with nothing at work."""
        return None if self.running or self._turns is None else self._turns.ahead

    def ready(self) -> bool:
        """Whether a task can be submitted now: a process is idle, and there is a turn for it at the machine."""
        if not self.idle or self._turns is None:
            return self.idle > 0
        if self._turn is None:
            self._turn = self._turns.take()
        if self._turn is None and not self.running and _memory_is_short():
            self._end_processes()  # those who have their turn need it
        return self._turn is not None

    def submit(self, task: Task, limits: Limits | None = None) -> None:
        """Give the task to an idle process; there must be one. It uses the turn if `ready` has got one."""
        for slot in self._slots:
            if slot.work is None and slot.running is not None and not slot.running.process.is_alive():
                self._bury(slot)  # it died while it had nothing to do
            slot.running = slot.running or self._start()
        slot = next(slot for slot in self._slots if slot.work is None)
        turn, self._turn = self._turn, None
        slot.work = _Work(task, turn, limits, looked=time.monotonic())
        self._send(slot)

    def wait(self, timeout: float) -> list[Event[Task]]:
        """What happened in the next `timeout` seconds, as soon as something did."""
        by_handle: dict[Any, _Slot[Task]] = {
            slot.running.connection: slot for slot in self._slots if slot.running is not None
        }
        ready = wait(list(by_handle), timeout)
        events = [event for handle in ready for event in self._receive(by_handle[handle])]
        return events + self._over_limits()

    def abandon(self) -> list[Task]:
        """End what is at work, at once, and go on; returns the tasks."""
        tasks = self.running
        if tasks:
            self._end_processes()
            for slot in self._slots:
                self._free(slot)
        return tasks

    def close(self) -> None:
        """End all processes at once, whatever they do: their files are written atomically."""
        self._end_processes()
        for slot in self._slots:
            self._free(slot)
        if self._turns is not None:
            if self._turn is not None:
                self._turns.give_back(self._turn)
            self._turns.close()

    def _end_processes(self) -> None:
        ended = [slot.running for slot in self._slots if slot.running is not None]
        for running in ended:
            running.process.kill()
        for slot in self._slots:
            self._bury(slot)

    def _receive(self, slot: _Slot[Task]) -> list[Event[Task]]:
        assert slot.running is not None, "only a process speaks"
        try:
            kind, value = slot.running.connection.recv()
        except (EOFError, OSError):
            exitcode = self._bury(slot)
            if slot.work is not None and not slot.work.taken and not slot.work.again:
                slot.work.again, slot.running = True, self._start()
                self._send(slot)
                return []
            work = self._free(slot)
            return [] if work is None else [Event("died", work.task, exitcode)]
        assert slot.work is not None, "only a process with a task speaks"
        if kind == "taken":
            slot.work.taken = True
            return []
        task = slot.work.task
        if kind == "done":
            self._free(slot)
        return [Event(kind, task, value)]

    def _send(self, slot: _Slot[Task]) -> None:
        work, running = slot.work, slot.running
        assert work is not None and running is not None, "a task and who does it"
        with contextlib.suppress(BrokenPipeError):  # it died this very moment: `wait` will tell
            running.connection.send((work.task, work.turn.cores if work.turn else ()))

    def _over_limits(self) -> list[Event[Task]]:
        """End the processes whose task has used too much."""
        at_work = [slot for slot in self._slots if slot.work is not None and slot.work.limits is not None]
        if not at_work:
            return []
        paused, events = measuring(), []
        for slot in at_work:
            work, running = slot.work, slot.running
            assert work is not None and work.limits is not None and running is not None
            now = time.monotonic()
            work.used += 0.0 if paused else now - work.looked
            work.looked = now
            kind: Literal["timeout", "memory"]
            if work.used > work.limits.seconds:
                kind, limit = "timeout", work.limits.seconds
            elif _resident(running.process) > work.limits.memory:
                kind, limit = "memory", work.limits.memory
            else:
                continue
            running.process.kill()
            self._bury(slot)
            self._free(slot)
            events.append(Event(kind, work.task, limit))
        return events

    def _bury(self, slot: _Slot[Task]) -> int | None:
        """Wait for the end of the slot's process; return its exit code."""
        if slot.running is None:
            return None
        slot.running.process.join()
        slot.running.connection.close()
        exitcode, slot.running = slot.running.process.exitcode, None
        return exitcode

    def _free(self, slot: _Slot[Task]) -> _Work[Task] | None:
        """The slot's task is over, and so is its turn."""
        work, slot.work = slot.work, None
        if work is not None and work.turn is not None and self._turns is not None:
            self._turns.give_back(work.turn)
        return work

    def _start(self) -> _Process:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._perform), daemon=True)
        process.start()
        theirs.close()
        return _Process(process, ours)


def _resident(process: BaseProcess) -> int:
    """Bytes of physical memory."""
    try:
        return int(psutil.Process(process.pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _memory_is_short() -> bool:
    memory = psutil.virtual_memory()
    return bool(memory.available < _SHORT * memory.total)


def _serve(connection: Connection[Any, Any], perform: Perform) -> None:
    """A worker process's life: take a task, do it on its cores, answer. It ends with who started it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        task, cores = connection.recv()
        connection.send(("taken", None))
        if cores:
            pin(cores)
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

    def __call__(self, message: str, done: int, total: int, who: str = "") -> None:
        now = time.monotonic()
        if message != self._message or now - self._sent >= PROGRESS_INTERVAL:
            self._connection.send(("progress", (message, done, total, who)))
            self._message, self._sent = message, now
