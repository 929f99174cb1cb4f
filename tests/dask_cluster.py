"""A real Dask cluster: a scheduler and two workers on 127.0.0.1, each with a data folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from acting import IN_PROCESSES
from edgeslim.artifacts.store import HOME_VARIABLE

distributed = pytest.importorskip("distributed")
DASK = Path(sys.executable).parent / "dask"


class Cluster:
    """Processes as on three machines: each is a session of its own, and can be killed as a whole."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = folder, folder / "ran.txt"
        self._machines: dict[str, subprocess.Popen[bytes]] = {}
        file = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        _wait(file.exists, "the scheduler")
        self.client = distributed.Client(scheduler_file=str(file), set_as_default=False)
        self.address: str = self.client.scheduler.address
        # As one would start it, under Dask's nanny; and without, so that a death is for good.
        self._start("worker", self.address, "--nthreads", "1", name="a")
        self._start("worker", self.address, "--nthreads", "1", "--no-nanny", name="b")
        self.client.wait_for_workers(2, timeout=60)

    def ran(self) -> list[float]:
        return [float(line) for line in self._log.read_text().split()] if self._log.exists() else []

    def at_work(self) -> list[str]:
        """Addresses of the workers that are doing something."""
        return [address for address, tasks in self.client.processing().items() if tasks]

    def kill(self, address: str) -> None:
        """The worker's whole machine, at once."""
        os.killpg(os.getpgid(self.client.run(os.getpid, workers=[address])[address]), signal.SIGKILL)

    def processes(self, address: str) -> int:
        """How many trials' processes the worker has."""
        pid = self.client.run(os.getpid, workers=[address])[address]
        children = [each for each in psutil.Process(pid).children() if each.status() != psutil.STATUS_ZOMBIE]
        return sum("spawn_main" in " ".join(child.cmdline()) for child in children)

    def end(self, name: str) -> None:
        process = self._machines[name]
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        self.client.close()
        for name in self._machines:
            self.end(name)

    def _start(self, *command: str, name: str = "scheduler") -> None:
        home = self.folder / name
        home.mkdir()
        more = ["--local-directory", str(home)] if command[0] == "worker" else []
        with (home / "log.txt").open("wb") as log:
            self._machines[name] = subprocess.Popen(
                [str(DASK), *command, *more, "--no-dashboard"],
                env={
                    **os.environ,
                    HOME_VARIABLE: str(home / "store"),
                    "TMPDIR": str(home),
                    "PYTHONPATH": str(IN_PROCESSES),
                    "EDGESLIM_TEST_LOG": str(self._log),
                    "EDGESLIM_TEST_RUNTIME": "1",
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _wait(until: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60.0
    while not until():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
