"""The journal file under a study: Optuna's format, with our locking and our errors."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from compression.artifacts.store import as_store_error

optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_journal(path: Path) -> JournalStorage:
    """An Optuna storage over the journal at `path`; an absent file is created."""
    return JournalStorage(_Backend(path))


def drop_torn_tail(path: Path) -> None:
    """Cut a last line that a killed writer left without its end; every earlier line is whole."""
    with FileLock(path.with_suffix(".lock")), path.open("r+b") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)


class _Backend(JournalFileBackend):
    """Appends whole lines or nothing. Unlike Optuna's link files, the lock does not outlive a killed holder."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with FileLock(self._path.with_suffix(".lock")):
            size = self._path.stat().st_size
            try:
                with self._path.open("ab") as file:
                    file.write(lines.encode())
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                os.truncate(self._path, size)
                raise as_store_error(self._path, error) from error
