"""The app as its users start it: a process of its own on a free port of 127.0.0.1, over a data folder of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds until a server has to answer."""


@dataclass(frozen=True)
class Server:
    url: str
    home: Path
    pid: int
    log: Path


@contextmanager
def serving(folder: Path, *options: str, port: int = 0, script: str = "app.py") -> Iterator[Server]:
    """Start the app with Streamlit's `options`, and end it and all its studies afterwards. Port 0: any free one.

    Data, temporary files and `server.log` lie in `folder`. Temporary files too, since among them is the lock by
    which studies take turns in timing. Raises RuntimeError if the server ends or does not answer.
    """
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
        port = free.getsockname()[1]
    home, temporary, log = folder / "home", folder / "tmp", folder / "server.log"
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", *options]
    environment = {**os.environ, "EDGESLIM_HOME": str(home), "TMPDIR": str(temporary)}
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield Server(f"http://127.0.0.1:{port}", home, process.pid, log)
    finally:
        process.terminate()
        process.wait(20)
        _end_studies(home)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError("the server ended at once")
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.25)
    raise RuntimeError(f"the server did not answer within {PATIENCE:.0f} s")


def _end_studies(home: Path) -> None:
    """Studies run in processes of their own: a test that failed halfway leaves none behind."""
    for study in workbench.list_studies(Store(home)):
        with contextlib.suppress(StudyError):
            workbench.cancel_study(study.name, Store(home))
