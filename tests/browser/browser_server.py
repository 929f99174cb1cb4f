"""What the browser tests share: a server over a data folder of its own, and how patient to be."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError

ROOT = Path(__file__).parents[2]
PATIENCE = 120_000
"""Milliseconds; machines that run tests are busy."""


@dataclass(frozen=True)
class Server:
    """The app, running on a free port of 127.0.0.1."""

    url: str
    home: Path


def chromium() -> str:
    """The browser. Without one the test is skipped, but never in CI."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("CI has to test the screens, but there is no chromium here")
    pytest.skip("no chromium on this machine")


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Start the app on a free port, and end it and all its studies afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = folder / "home"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += [
        "--server.address",
        "127.0.0.1",
        "--server.headless",
        "true",
        "--server.fileWatcherType",
        "none",
    ]
    # A folder of its own for temporary files too: there lies the lock by which studies take turns in timing.
    temporary = folder / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "EDGESLIM_HOME": str(home), "TMPDIR": str(temporary)}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield Server(f"http://127.0.0.1:{port}", home)
        finally:
            process.terminate()
            process.wait(20)
            _end_studies(home)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        assert process.poll() is None, "the server ended at once"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.25)
    pytest.fail("the server did not answer within a minute")


def _end_studies(home: Path) -> None:
    """Studies run in processes of their own: a test that failed halfway leaves none behind."""
    for study in workbench.list_studies(Store(home)):
        with contextlib.suppress(StudyError):
            workbench.cancel_study(study.name, Store(home))
