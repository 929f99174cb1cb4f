"""A room that many share or one has alone: locks between processes that end with who holds them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BREATH = 0.25
"""Seconds between two looks at whether somebody wants the room alone."""
_PATIENCE = 0.05
"""Seconds between two tries to get a lock within a time."""


class SharedLock:
    """Two lock files in `folder`: of the room itself, and of the turnstile before it.

    Whoever wants the room alone keeps the turnstile meanwhile, so those who share it cannot keep it for ever.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._turnstile, self._room = folder / f"{name}-turnstile.lock", folder / f"{name}-room.lock"

    @contextmanager
    def shared(self) -> Iterator[Callable[[], None]]:
        """Be in the room beside others, once nobody has or wants it alone.

        Yields a function to call between two pieces of work: it leaves the room to who wants it alone, and
        returns when that is over.
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
        """Have the room alone. Raises TimeoutError if that takes longer than `within` seconds."""
        until = None if within is None else time.monotonic() + within
        with opened(self._turnstile) as turnstile, opened(self._room) as room:
            lock(turnstile, until)
            lock(room, until)
            yield

    def wanted_alone(self) -> bool:
        """Whether somebody has, or waits to have, the room alone."""
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
    """Lock for oneself if nobody else has it."""
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
    """Whether nobody stands in the turnstile. Those who only look do not disturb each other."""
    try:
        fcntl.flock(turnstile, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(turnstile, fcntl.LOCK_UN)
    return True
