"""Part of a store, to be sent to another machine's: files by their place in it, each with its content's hash."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.artifacts.upkeep import BLOBS
from edgeslim.errors import DownloadError


@dataclass(frozen=True, slots=True)
class Bundle:
    """Contents and their SHA-256 by place, relative to the store's root, with '/' ('stages/<key>.json')."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(files: Mapping[str, bytes]) -> Bundle:
        hashes = {place: hashlib.sha256(content).hexdigest() for place, content in files.items()}
        return Bundle(files, hashes)

    def unpack(self, store: Store, kinds: Collection[str] | None = None, keep: bool = False) -> None:
        """Put everything into the store, records last, so that none refers to a missing file.

        With `kinds` nothing else is taken; with `keep` the store's own records stay as they are. A blob is checked
        against its own name, other files against the hash sent along. Raises DownloadError, with nothing written, if a
        content does not match its hash or its place is outside of the store; StoreError.
        """
        for place, content in self.files.items():
            named = PurePosixPath(place)
            if named.is_absolute() or ".." in named.parts or not (kinds is None or named.parts[0] in kinds):
                raise DownloadError("parcel_place", place=place)
            wanted = named.stem if named.parts[0] == BLOBS else self.hashes[place]
            if hashlib.sha256(content).hexdigest() != wanted:
                raise DownloadError("parcel_damaged", place=place, sha256=wanted)
        for place in sorted(self.files, key=_is_record):
            path = store.root / place
            if not path.exists() or (_is_record(place) and not keep):
                write_atomically(path, self.files[place])


def packed(store: Store, places: Iterable[str], without: Collection[str] = ()) -> Bundle:
    """A bundle of the existing files at `places`, except those in `without`."""
    paths = {place: store.root / place for place in places if place not in without}
    return Bundle.of({place: path.read_bytes() for place, path in paths.items() if path.is_file()})


class TracingStore(Store):
    """A store that remembers the places that were written, read or asked for while it was in use."""

    def __init__(self, root: Path | None = None) -> None:
        super().__init__(root)
        self._places: dict[str, None] = {}

    def place(self, kind: str, file: str) -> Path:
        self._places[f"{kind}/{file}"] = None
        return super().place(kind, file)

    @property
    def places(self) -> tuple[str, ...]:
        """In the order in which they were first used."""
        return tuple(self._places)


def _is_record(place: str) -> bool:
    return place.endswith(".json")
