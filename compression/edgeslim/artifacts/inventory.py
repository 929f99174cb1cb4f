"""The contents of a store: files by content hash, results that can be computed again, and those that cannot."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeslim.artifacts.store import Store

BLOBS, LOCKS, STUDIES, MODELS, UPLOADS, DATASET_NAMES = (
    "blobs", "locks", "studies", "models", "uploads", "dataset-names",
)  # fmt: skip
KEPT = frozenset({STUDIES, MODELS, UPLOADS, DATASET_NAMES, "datasets", "training"})
"""Kinds that users made or imported, or that take long to make. All others except blobs and locks are a cache."""
GRACE = 3600.0
"""Seconds for which an unreferenced file is kept: a record of it may be about to be written."""
HASH = re.compile(r"[0-9a-f]{64}")
PARTIAL = ".partial-"


@dataclass(frozen=True, slots=True)
class Item:
    """A file of the store. `key` is its name without its suffix; times are seconds since the epoch."""

    path: Path
    kind: str
    key: str
    bytes: int
    changed: float
    used: float

    @property
    def is_record(self) -> bool:
        return self.path.suffix == ".json"

    @property
    def is_partial(self) -> bool:
        return self.path.name.startswith(PARTIAL)

    @property
    def is_young(self) -> bool:
        """Whether it was written a moment ago (or, if the clock was set back, in the future)."""
        return time.time() - self.changed < GRACE

    def record(self) -> dict[str, Any] | None:
        """A record's content, None if it is damaged."""
        try:
            content = json.loads(self.path.read_bytes())
        except ValueError:
            return None
        return content if isinstance(content, dict) else None


def items(store: Store) -> Iterator[Item]:
    """All files but the locks."""
    for path in sorted(store.root.rglob("*")):
        kind = path.relative_to(store.root).parts[0]
        if kind == LOCKS or not path.is_file():
            continue
        try:
            about = path.stat()
        except FileNotFoundError:  # it was replaced a moment ago
            continue
        # Reading changes a file's time of access, at most once a day; asking for a record, its time of change.
        used = max(about.st_atime, about.st_mtime)
        yield Item(path, kind, path.stem, about.st_size, about.st_mtime, used)


def mentioned(value: object) -> set[str]:
    """All strings in JSON data that could name a file of the store."""
    if isinstance(value, str):
        return {value} if re.fullmatch(r"[0-9a-f]{32,64}", value) else set()
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return set().union(*map(mentioned, value))
    return set()


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of something there is."""

    files: int = 0
    bytes: int = 0


def by_kind(found: Iterable[Item]) -> dict[str, Usage]:
    """How much there is of each kind."""
    usage: dict[str, Usage] = {}
    for item in found:
        before = usage.get(item.kind, Usage())
        usage[item.kind] = Usage(before.files + 1, before.bytes + item.bytes)
    return usage
