"""A lock that many processes share or one holds alone. It ends with its holder, and tells who holds it."""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeAlias

BREATH = 0.25
"""Seconds between two looks at whether somebody wants the lock alone."""
_RETRY = 0.05
"""Seconds between two attempts to get a lock."""
_TELL = 0.5
"""Seconds between two calls that say what is waited for."""
Waiting: TypeAlias = Callable[[float, tuple[str, ...]], None]
"""Called while waiting, with the seconds waited so far and the names of the holders that are known."""
_Way = Literal["shared", "alone"]


def unheard(seconds: float, holders: tuple[str, ...]) -> None:
    """Waiting without a word."""


class SharedLock:
    """Two lock files in `folder`: the lock itself, and a turnstile before it.

    Whoever wants the lock alone keeps the turnstile meanwhile, so that those who share the lock cannot keep it for ever.
    A holder with a name (`who`) also keeps a locked file of its own that holds the name.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._turnstile, self._lock = folder / f"{name}-turnstile.lock", folder / f"{name}-room.lock"
        self._holders = folder / f"{name}-holders"

    @contextmanager
    def shared(self, who: str = "", waiting: Waiting = unheard) -> Iterator[Callable[[], None]]:
        """Hold the lock beside others, once nobody holds or wants it alone.

        Yields a function to call between two pieces of work: it gives the lock to who wants it alone, and returns when
        it is back.
        """
        name = _Name(self._holders, "shared", who)
        with opened(self._turnstile) as turnstile, opened(self._lock) as held:

            def enter() -> None:
                _wait(lambda: try_lock(turnstile), None, lambda: self.names("alone"), waiting)
                fcntl.flock(held, fcntl.LOCK_SH)
                fcntl.flock(turnstile, fcntl.LOCK_UN)
                name.show()

            enter()
            looked = time.monotonic()

            def breathe() -> None:
                nonlocal looked
                if time.monotonic() - looked < BREATH:
                    return
                if not _is_free(turnstile):
                    name.hide()
                    fcntl.flock(held, fcntl.LOCK_UN)
                    enter()
                looked = time.monotonic()

            try:
                yield breathe
            finally:
                name.hide()

    @contextmanager
    def alone(self, within: float | None = None, who: str = "", waiting: Waiting = unheard) -> Iterator[bool]:
        """Hold the lock alone. Yields whether it could be had within so many seconds (None: however long it takes).

        If not, what could be had is kept: at best, nobody else begins meanwhile.
        """
        name = _Name(self._holders, "alone", who)
        with opened(self._turnstile) as turnstile, opened(self._lock) as held:
            until = None if within is None else time.monotonic() + within
            try:
                got = _wait(lambda: try_lock(turnstile), until, lambda: self.names("alone"), waiting)
                name.show()
                yield got and _wait(lambda: try_lock(held), until, lambda: self.names("shared"), waiting)
            finally:
                name.hide()

    def wanted_alone(self) -> bool:
        """Whether somebody holds the lock alone, or waits for that."""
        with opened(self._turnstile) as turnstile:
            return not _is_free(turnstile)

    def names(self, way: _Way) -> tuple[str, ...]:
        """Who holds the lock in this way, as far as they have names."""
        found = []
        for path in sorted(self._holders.glob(f"{way}-*")):
            with suppress(OSError), opened(path) as handle:
                if try_lock(handle):  # whoever held it has died
                    path.unlink()
                else:
                    found.append(path.read_text(encoding="utf-8"))
        return tuple(found)


class _Name:
    """A locked file that says who holds a lock; it is unlocked when its holder dies."""

    def __init__(self, folder: Path, way: _Way, who: str) -> None:
        self._path, self._who = folder / f"{way}-{uuid.uuid4().hex}", who
        self._handle: int | None = None

    def show(self) -> None:
        if self._who:
            new = self._path.with_name(f".{self._path.name}")
            self._handle = open_lock(new)
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            new.write_text(self._who, encoding="utf-8")
            new.replace(self._path)  # seen only once it is locked and complete

    def hide(self) -> None:
        if self._handle is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None


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
    elif not _wait(lambda: try_lock(handle), until, tuple, unheard):
        raise TimeoutError


def try_lock(handle: int) -> bool:
    """Lock if no other process holds it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(
    attempt: Callable[[], bool], until: float | None, names: Callable[[], tuple[str, ...]], waiting: Waiting
) -> bool:
    """Attempt until it succeeds, or until that time of the monotonic clock; tell now and then what is waited for."""
    began = time.monotonic()
    told = began
    while not attempt():
        now = time.monotonic()
        if until is not None and now >= until:
            return False
        if now - told >= _TELL:
            waiting(now - began, names())
            told = now
        time.sleep(_RETRY)
    return True


def _is_free(turnstile: int) -> bool:
    """Whether the turnstile is free. Checks do not disturb each other."""
    try:
        fcntl.flock(turnstile, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(turnstile, fcntl.LOCK_UN)
    return True
