"""Part of a store, to be sent to another machine's: files by their place in it, each with its content's hash."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from compression.artifacts.store import Store, write_atomically
from compression.errors import DownloadError


@dataclass(frozen=True, slots=True)
class Parcel:
    """Contents and their SHA-256 by place, relative to the store's root, with '/' ('stages/<key>.json')."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(files: Mapping[str, bytes]) -> Parcel:
        hashes = {place: hashlib.sha256(content).hexdigest() for place, content in files.items()}
        return Parcel(files, hashes)

    def unpack(self, store: Store) -> None:
        """Put everything into the store, records last: none ever speaks of a file that is not there.

        Raises DownloadError, with nothing written, if a content is not what its hash says or has its place elsewhere;
        StoreError.
        """
        for place, content in self.files.items():
            if PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts:
                raise DownloadError(
                    "parcel_place",
                    f"Another machine sent a file for '{place}', which is not a place in the data folder.",
                    "Leave that machine out of the cluster.",
                    place=place,
                )
            if hashlib.sha256(content).hexdigest() != self.hashes[place]:
                raise DownloadError(
                    "parcel_damaged",
                    f"'{place}' arrived damaged from another machine: its content is not {self.hashes[place]}.",
                    "Retry the trial; if it happens again, check the network and the other machine's memory.",
                    place=place,
                    sha256=self.hashes[place],
                )
        for place in sorted(self.files, key=_is_record):
            path = store.root / place
            if _is_record(place) or not path.exists():
                write_atomically(path, self.files[place])


def packed(store: Store, places: Iterable[str], without: Collection[str] = ()) -> Parcel:
    """A parcel of what is there of `places`, but for what lies at the places in `without`."""
    paths = {place: store.root / place for place in places if place not in without}
    return Parcel.of({place: path.read_bytes() for place, path in paths.items() if path.is_file()})


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
