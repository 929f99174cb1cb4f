"""Sharing this machine: compute may run side by side, a latency measurement runs alone."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def busy() -> Iterator[None]:
    """Hold while computing. Waits while somebody measures, or waits to measure."""
    with ExitStack() as held:
        with _locked("turnstile", fcntl.LOCK_EX):
            held.enter_context(_locked("room", fcntl.LOCK_SH))
        yield


@contextmanager
def alone() -> Iterator[None]:
    """Hold while measuring latency: no `busy` process of this user is computing, in any study or store.

    Whoever waits here keeps the turnstile, so those who compute cannot make it wait for ever.
    """
    with _locked("turnstile", fcntl.LOCK_EX), _locked("room", fcntl.LOCK_EX):
        yield


@contextmanager
def _locked(name: str, operation: int) -> Iterator[None]:
    """An operating-system lock on a file of this user's; it is released when its holder dies."""
    path = Path(tempfile.gettempdir()) / f"edgeslim-{os.getuid()}-{name}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, operation)
        yield
    finally:
        os.close(handle)
