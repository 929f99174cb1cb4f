"""The journal file under a study: Optuna's format, with our locking and our errors."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from edgeslim.artifacts.store import PATIENCE, as_store_error, locked

optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_journal(path: Path) -> JournalStorage:
    """An Optuna storage over the journal at `path`; an absent file is created."""
    return JournalStorage(_Backend(path))


def drop_torn_tail(path: Path) -> None:
    """Cut what a killed writer or a power failure left at the end: half a line, or lines that are no JSON."""
    with _locked(path), path.open("r+b") as file:
        file.truncate(_sound_length(file.read()))


def _locked(path: Path) -> AbstractContextManager[object]:
    """The caller is the only writer meanwhile. Raises StoreError if another process writes for longer than PATIENCE."""
    return locked(path.with_suffix(".lock"), PATIENCE)


def _sound_length(content: bytes) -> int:
    """Bytes up to the end of the last line that is whole."""
    end = content.rfind(b"\n") + 1
    while end and not _is_whole(content[(start := content.rfind(b"\n", 0, end - 1) + 1) : end]):
        end = start
    return end


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


class _Backend(JournalFileBackend):
    """Appends whole lines or nothing. Unlike Optuna's link files, the lock does not outlive a killed holder."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """As Optuna's, but what a power failure left at the end is as if it were not there."""
        try:
            yield from super().read_logs(log_number_from)
        except ValueError:
            content = self._path.read_bytes()
            if not all(map(_is_whole, content[: _sound_length(content)].splitlines())):
                raise

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with _locked(self._path):
            size = self._path.stat().st_size
            try:
                with self._path.open("ab") as file:
                    file.write(lines.encode())
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                os.truncate(self._path, size)
                raise as_store_error(self._path, error) from error
