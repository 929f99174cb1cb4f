"""Starting processes of our own that outlive the one that starts them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from edgeslim.artifacts.store import HOME_VARIABLE, Store, as_store_error
from edgeslim.processes import environment_of_child

STARTED: list[subprocess.Popen[bytes]] = []
"""Processes started here, polled so that ended ones do not stay as zombies."""


def launch(module: str, store: Store, log: Path, *arguments: str, **variables: str) -> int:
    """Run `python -m <module>` on the store, what it prints appended to `log`; its pid. Raises StoreError."""
    home = str(store.root.resolve())
    try:
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, "--store", home, *arguments],
                env=environment_of_child(**{HOME_VARIABLE: home}, **variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    except OSError as error:
        raise as_store_error(log, error) from error
    STARTED.append(process)
    return process.pid


def reap() -> None:
    """Let those that have ended go."""
    STARTED[:] = [process for process in STARTED if process.poll() is None]
