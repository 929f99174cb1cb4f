"""What a hostile file may not do: use memory or time without end, or change what is not the store's."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIRST = int(os.environ.get("EDGESLIM_HOSTILE_SEED", "0"))
"""The first seed of every kind: with another one, other cases are looked for."""
MEMORY = 1 << 30
"""Bytes on top of what the process has that a case may use."""
SECONDS = 120
"""After which a case hangs: none computes for long."""


@contextmanager
def bounded(case: str) -> Iterator[None]:
    """Memory and time have an end; which case it was is told."""

    def hang(signum: int, frame: object) -> None:
        raise TimeoutError(f"{case} hangs")

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    previous = signal.signal(signal.SIGALRM, hang)
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_DATA, (_data() + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder but the store's, with size and time of change."""
    found = {}
    for parent, folders, files in os.walk(folder):
        if Path(parent) == folder:
            folders[:] = [name for name in folders if name != "store"]
        for name in (*folders, *files):
            status = os.lstat(Path(parent, name))
            found[os.path.join(parent, name)] = (status.st_size, status.st_mtime_ns)
    return found


def _data() -> int:
    """Bytes of data that this process has."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData")
    )
    return int(line.split()[1]) << 10
