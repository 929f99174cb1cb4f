"""Part of a store, to be sent to another machine's: records, and files by content hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compression.artifacts.store import Store
from compression.errors import StoreError


@dataclass(frozen=True, slots=True)
class Parcel:
    """`records` by (kind, key); `blobs` by (SHA-256, suffix)."""

    records: Mapping[tuple[str, str], dict[str, Any]]
    blobs: Mapping[tuple[str, str], bytes]

    def unpack(self, store: Store) -> None:
        """Put everything into the store, files first: a record never speaks of a file that is not there.

        Raises StoreError if a file's content is not what its hash says.
        """
        for (sha256, suffix), content in self.blobs.items():
            if store.path(sha256, suffix).exists():
                continue
            if store.put(content, suffix) != sha256:
                raise StoreError(
                    "parcel_damaged",
                    f"A file arrived damaged: its content is not {sha256}.",
                    "Retry the trial; if it happens again, check the network and the other machine's disk.",
                    sha256=sha256,
                )
        for (kind, key), record in self.records.items():
            store.put_record(kind, key, record)


class TracingStore(Store):
    """A store that remembers what was written, read or asked for while it was in use."""

    def __init__(self, root: Path | None = None) -> None:
        super().__init__(root)
        self._records: dict[tuple[str, str], dict[str, Any]] = {}
        self._blobs: dict[tuple[str, str], None] = {}

    def path(self, sha256: str, suffix: str = ".onnx") -> Path:
        self._blobs[sha256, suffix] = None
        return super().path(sha256, suffix)

    def put_record(self, kind: str, key: str, record: dict[str, Any]) -> None:
        super().put_record(kind, key, record)
        self._records[kind, key] = record

    def get_record(self, kind: str, key: str) -> dict[str, Any] | None:
        record = super().get_record(kind, key)
        if record is not None:
            self._records[kind, key] = record
        return record

    def parcel(self, without: Mapping[tuple[str, str], Any]) -> Parcel:
        """What was touched and is there, but for the blobs in `without`, which the receiver has."""
        paths = {blob: super(TracingStore, self).path(*blob) for blob in self._blobs if blob not in without}
        blobs = {blob: path.read_bytes() for blob, path in paths.items() if path.exists()}
        return Parcel(dict(self._records), blobs)
