"""A shared/exclusive lock between processes, released when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BREATH = 0.25
"""Seconds between two checks whether a process waits for the exclusive lock."""
_PATIENCE = 0.05
"""Seconds between two tries to get a lock within a time."""


class SharedLock:
    """Two lock files in `folder`: the lock itself, and a turnstile before it. A process that waits for the exclusive
    lock holds the turnstile, so that a stream of sharing processes cannot starve it.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._turnstile, self._room = folder / f"{name}-turnstile.lock", folder / f"{name}-room.lock"

    @contextmanager
    def shared(self) -> Iterator[Callable[[], None]]:
        """Hold the lock shared, once no process holds it exclusively or waits to.

        Yields a function to call between two pieces of work: it releases the lock to a process that waits for it
        exclusively, and returns when that is over.
        """
        with opened(self._turnstile) as turnstile, opened(self._room) as room:
            _enter(turnstile, room)
            looked = time.monotonic()

            def breathe() -> None:
                nonlocal looked
                if time.monotonic() - looked < BREATH:
                    return
                if not _is_free(turnstile):
                    fcntl.flock(room, fcntl.LOCK_UN)
                    _enter(turnstile, room)
                looked = time.monotonic()

            yield breathe

    @contextmanager
    def alone(self, within: float | None = None) -> Iterator[None]:
        """Hold the lock exclusively. Raises TimeoutError if that takes longer than `within` seconds."""
        until = None if within is None else time.monotonic() + within
        with opened(self._turnstile) as turnstile, opened(self._room) as room:
            lock(turnstile, until)
            lock(room, until)
            yield

    def wanted_alone(self) -> bool:
        """Whether a process holds the lock exclusively, or waits to."""
        with opened(self._turnstile) as turnstile:
            return not _is_free(turnstile)


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A file to lock, made if need be. Reading is enough for that, so it may belong to another account."""
    handle = open_lock(path)
    try:
        yield handle
    finally:
        os.close(handle)


def open_lock(path: Path) -> int:
    """The descriptor of a file to lock, made if need be. Closing it, or dying, ends the lock."""
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)


def lock(handle: int, until: float | None = None) -> None:
    """Lock for oneself. Raises TimeoutError if that cannot be before `until` on the monotonic clock."""
    if until is None:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return
    while not try_lock(handle):
        if time.monotonic() >= until:
            raise TimeoutError
        time.sleep(_PATIENCE)


def try_lock(handle: int) -> bool:
    """Lock if no other process holds it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _enter(turnstile: int, room: int) -> None:
    fcntl.flock(turnstile, fcntl.LOCK_EX)
    fcntl.flock(room, fcntl.LOCK_SH)
    fcntl.flock(turnstile, fcntl.LOCK_UN)


def _is_free(turnstile: int) -> bool:
    """Whether the turnstile is free. Checks do not disturb each other."""
    try:
        fcntl.flock(turnstile, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(turnstile, fcntl.LOCK_UN)
    return True
