"""A study's own process: `python -m edgeslim.jobs.worker --store DIR --study NAME`.

It may be killed at any moment, and continues when it is started again.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from edgeslim.artifacts.store import Store
from edgeslim.jobs.job import failure_of
from edgeslim.jobs.run import StudyRun
from edgeslim.jobs.status import JobState, StatusWriter
from edgeslim.jobs.supervisor import StudyPaused
from edgeslim.studies.storage import study_folder


def main(arguments: list[str] | None = None) -> int:
    """Run the study to its end. Returns 0 if it is complete, 1 if it stopped, with the reason in its status."""
    parser = argparse.ArgumentParser(prog="python -m edgeslim.jobs.worker")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--study", required=True)
    given = parser.parse_args(arguments)
    store = Store(given.store)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with FileLock(study_folder(store, given.study) / "worker.lock", timeout=0):
            return _run(store, given.study)
    except Timeout:
        print(f"Study '{given.study}' is already being run by another process.", file=sys.stderr)
        return 1


def _run(store: Store, name: str) -> int:
    # Whoever started this process holds the lock until the first status is written.
    with store.lock(f"study-{name}"):
        status = StatusWriter(store, name)
    state: JobState = "complete"

    def work() -> None:
        nonlocal state
        try:
            with StudyRun(store, name, status) as run:
                run.prepare()
                run.trials()
                run.search()
                run.latencies()
                run.conclude()
        except StudyPaused:
            state = "paused"

    error = failure_of(work)
    status.end(error, state)
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main())
