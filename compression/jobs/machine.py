"""Sharing this machine: compute may run side by side, a latency measurement runs alone."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BREATH = 0.25
"""Seconds between two looks at whether somebody waits to measure."""


@contextmanager
def busy() -> Iterator[Callable[[], None]]:
    """Hold while computing; waits while somebody measures, or waits to measure.

    Yields a function to call now and then, between two pieces of work: it makes way for who waits to measure,
    and returns when the machine is free again.
    """
    with _open("turnstile") as turnstile, _open("room") as room:
        _enter(turnstile, room)
        looked = time.monotonic()

        def breathe() -> None:
            nonlocal looked
            if time.monotonic() - looked < BREATH:
                return
            try:
                fcntl.flock(turnstile, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(turnstile, fcntl.LOCK_UN)
            except BlockingIOError:
                fcntl.flock(room, fcntl.LOCK_UN)
                _enter(turnstile, room)
            looked = time.monotonic()

        yield breathe


@contextmanager
def alone() -> Iterator[None]:
    """Hold while measuring latency: no `busy` process of this user is computing, in any study or store."""
    with _open("turnstile") as turnstile, _open("room") as room:
        # Whoever waits here keeps the turnstile, so those who compute cannot make it wait for ever.
        fcntl.flock(turnstile, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX)
        yield


def _enter(turnstile: int, room: int) -> None:
    """Into the room beside others, once nobody has or wants it alone."""
    fcntl.flock(turnstile, fcntl.LOCK_EX)
    fcntl.flock(room, fcntl.LOCK_SH)
    fcntl.flock(turnstile, fcntl.LOCK_UN)


@contextmanager
def _open(name: str) -> Iterator[int]:
    """A file of this user's to lock. The operating system releases the lock when its holder dies."""
    path = Path(tempfile.gettempdir()) / f"edgeslim-{os.getuid()}-{name}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)
