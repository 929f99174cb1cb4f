"""An errand's own process: `python -m edgeslim.jobs.errand_worker --store DIR --errand KEY`."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from edgeslim.artifacts.store import Store
from edgeslim.errors import ErrorRecord
from edgeslim.jobs import errands as errands
from edgeslim.jobs.errand import ErrandStatus, errand_folder, read_errand, write_errand_status
from edgeslim.jobs.job import failure_of
from edgeslim.jobs.status import identity
from edgeslim.progress import WAITS
from edgeslim.records import ProgressRecord

_INTERVAL = 0.5
"""Seconds between two writings of the status."""


def main(arguments: list[str] | None = None) -> int:
    """Run the errand to its end. Returns 0, or 1 if it failed, with the reason in its status."""
    parser = argparse.ArgumentParser(prog="python -m edgeslim.jobs.errand_worker")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--errand", required=True)
    given = parser.parse_args(arguments)
    store = Store(given.store)
    folder = errand_folder(store, given.errand)
    try:
        with FileLock(folder / "worker.lock", timeout=0):
            # Whoever started this process holds the lock until the first status is written.
            with store.lock(f"errand-{given.errand}"):
                errand = read_errand(store, given.errand)
                teller = _Teller(folder)
            error = failure_of(lambda: errand.run(store, teller))
            teller.end(error)
            return 1 if error else 0
    except Timeout:
        return 1


class _Teller:
    """A progress that writes the status, at most every _INTERVAL."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._written = folder, 0.0
        self._began: tuple[str, int, float] | None = None
        pid, started = identity(psutil.Process())
        self._status = ErrandStatus(state="running", pid=pid, started=started)
        write_errand_status(folder, self._status)

    def __call__(self, message: str, done: int, total: int, who: str = "") -> None:
        now = time.monotonic()
        if self._began is None or self._began[0] != message:
            self._began = (message, done, now)
        if now - self._written < _INTERVAL:
            return
        left, since = None, done - self._began[1]
        if total and since > 0 and message not in WAITS:
            left = (now - self._began[2]) / since * (total - done)
        current = ProgressRecord(message, done, total, who)
        write_errand_status(self._folder, replace(self._status, current=current, left=left))
        self._written = now

    def end(self, error: ErrorRecord | None) -> None:
        write_errand_status(
            self._folder, replace(self._status, state="failed" if error else "complete", error=error)
        )


if __name__ == "__main__":
    sys.exit(main())
