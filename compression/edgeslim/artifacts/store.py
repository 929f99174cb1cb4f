"""The data folder: files by content hash, records by key. Writes are atomic; nothing half-written is ever seen."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from edgeslim.artifacts.shared_lock import SharedLock
from edgeslim.errors import StoreError
from edgeslim.progress import Progress, silent

HOME_VARIABLE = "EDGESLIM_HOME"
STORAGE_VARIABLE = "EDGESLIM_STORAGE"
PATIENCE = 30.0
"""Seconds to wait for locks that others hold for a moment only."""
_TELL = 0.5
"""Seconds between two words on what is waited for."""


def home() -> Path:
    """The data folder: $EDGESLIM_HOME, or a per-user folder."""
    given = os.environ.get(HOME_VARIABLE)
    return Path(given).expanduser() if given else user_data_path("edgeslim", appauthor=False)


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the target, flush to disk, rename. Raises StoreError if the disk is full or not writable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    except OSError as error:
        raise as_store_error(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # a temporary file is private; files of the store are not
        os.replace(name, path)
    except OSError as error:
        raise as_store_error(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


class Store:
    """Blobs under `blobs/ab/<sha256><suffix>`, JSON records under `<kind>/<key>.json`, locks under `locks/`."""

    def __init__(self, root: Path | None = None, database: str | None = None) -> None:
        self.root = root or home()
        self.database = database or os.environ.get(STORAGE_VARIABLE) or None
        """URL of the database for new studies (studies.database), perhaps with a password: not to be shown."""

    def put(self, content: bytes, suffix: str = ".onnx") -> str:
        """Store `content`; return its SHA-256. Storing the same bytes twice is one file."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256, suffix)
        if not path.exists():
            write_atomically(path, content)
        return sha256

    def path(self, sha256: str, suffix: str = ".onnx") -> Path:
        """Where the blob of that hash lies (or would lie)."""
        return self.place(f"blobs/{sha256[:2]}", f"{sha256}{suffix}")

    def place(self, kind: str, file: str) -> Path:
        """Where the file of that kind lies (or would lie)."""
        return self.root / kind / file

    def put_record(self, kind: str, key: str, record: dict[str, Any]) -> None:
        text = json.dumps(record, indent=1, sort_keys=True)
        write_atomically(self.place(kind, f"{key}.json"), text.encode())

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record, or None if there is none, or a damaged one.

        Its file's time is that of its last use, for garbage collection.
        """
        path = self.place(kind, f"{key}.json")
        try:
            record: dict[str, Any] = json.loads(path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        with suppress(OSError):  # a read-only folder
            os.utime(path)
        return record

    def remove_record(self, kind: str, key: str) -> None:
        self.place(kind, f"{key}.json").unlink(missing_ok=True)

    def computed(
        self, kind: str, key: str, compute: Callable[[], dict[str, Any]], progress: Progress = silent
    ) -> dict[str, Any]:
        """The record, computed unless it is there with its file (`sha256`). Who wants the same one waits meanwhile."""
        record = self._sound(kind, key)
        if record is None:
            with self.lock(f"{kind}-{key}", progress=progress):
                record = self._sound(kind, key)
                if record is None:
                    record = compute()
                    self.put_record(kind, key, record)
        return record

    def _sound(self, kind: str, key: str) -> dict[str, Any] | None:
        record = self.get_record(kind, key)
        there = record is not None and ("sha256" not in record or self.path(record["sha256"]).exists())
        return record if there else None

    def keys(self, kind: str) -> list[str]:
        """Keys of all records of a kind, sorted."""
        return sorted(path.stem for path in (self.root / kind).glob("[!.]*.json"))

    def in_use(self) -> AbstractContextManager[Callable[[], None]]:
        """Hold while files of the store are made and read: nothing is collected meanwhile. Not to be nested.

        Yields a function to call where files may be collected: it yields to a process that waits for that.
        """
        return self._room().shared()

    @contextmanager
    def alone(self, within: float = 0.0) -> Iterator[None]:
        """Hold while throwing files away. Raises TimeoutError if the store is `in_use` for so many seconds."""
        with self._room().alone(within) as alone:
            if not alone:
                raise TimeoutError
            yield

    def _room(self) -> SharedLock:
        return SharedLock(self.root / "locks", "store")

    def lock(
        self, name: str, within: float | None = None, progress: Progress = silent
    ) -> AbstractContextManager[None]:
        """Hold an inter-process lock; it is released when its holder dies. See `locked`."""
        return locked(self.root / "locks" / f"{name}.lock", within, progress)


@contextmanager
def locked(path: Path, within: float | None = None, progress: Progress = silent) -> Iterator[None]:
    """Hold the lock file. Raises StoreError if it cannot be made, or not be had for `within` seconds.

    `progress` hears of the wait.
    """
    held = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _acquire(held, within, progress)
    except Timeout as error:
        raise StoreError("storage_locked", path=path, seconds=f"{within:g}") from error
    except OSError as error:
        raise as_store_error(path, error) from error
    try:
        yield
    finally:
        held.release()


def _acquire(held: FileLock, within: float | None, progress: Progress) -> None:
    """Raises filelock.Timeout after `within` seconds."""
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        try:
            held.acquire(timeout=_TELL if within is None else max(0.0, min(_TELL, within - waited)))
            return
        except Timeout:
            waited = time.monotonic() - began
            if within is not None and waited >= within:
                raise
            progress("waiting_for_same", int(waited), int(within or 0))


def as_store_error(path: Path, error: OSError) -> StoreError:
    """The StoreError of a failed write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError("disk_full", path=path, variable=HOME_VARIABLE)
    return StoreError("not_writable", path=path, reason=error.strerror, variable=HOME_VARIABLE)
