"""The upkeep of a store: what it contains, whether that is intact, and removing what can be computed again."""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgeslim.artifacts.store import Store, sha256_of

BLOBS, LOCKS, STUDIES, MODELS, UPLOADS, DATASET_NAMES, STUDY_OWNERS, CLASS_MAPS = (
    "blobs", "locks", "studies", "models", "uploads", "dataset-names", "study-owners", "class-maps",
)  # fmt: skip
KEPT = frozenset(
    {
        STUDIES,
        MODELS,
        UPLOADS,
        DATASET_NAMES,
        STUDY_OWNERS,
        CLASS_MAPS,
        "datasets",
        "training",
        "timings",
        "bundles",
        "devices",
        "rooms",
        "browser-runtime",
        "invitations",
    }
)
"""Kinds that users made or brought, or that take long to make. All others except blobs and locks are a cache."""
GRACE = 3600.0
"""Seconds for which an unreferenced file is kept: a record of it may be about to be written."""
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


Problem = Literal["corrupt", "missing", "unreferenced", "out of reach"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is not what it should be; `needed_by` names what refers to it, such as 'study s, trial 3'."""

    problem: Problem
    kind: str
    path: Path
    bytes: int = 0
    needed_by: str = ""
    removed: bool = False
    """By a repair."""


def audit(store: Store, needed: Mapping[str, str]) -> list[Finding]:
    """Read everything. `needed` maps the SHA-256 of further files that must exist to what refers to them."""
    found = list(items(store))
    blobs = {item.key for item in found if item.kind == BLOBS and not item.is_partial}
    speakers = {**_spoken_of(found), **needed}
    findings = []
    for item in found:
        needed_by = speakers.get(item.key, "") if item.kind == BLOBS else ""
        if not item.is_partial and _is_corrupt(item):
            findings.append(Finding("corrupt", item.kind, item.path, item.bytes, needed_by))
        elif item.is_partial or (item.kind == BLOBS and not needed_by):
            if not item.is_young:
                findings.append(Finding("unreferenced", item.kind, item.path, item.bytes))
        elif item.kind == DATASET_NAMES and not (path := Path((item.record() or {})["path"])).exists():
            findings.append(Finding("missing", item.kind, path, needed_by=f"dataset {item.key}"))
    return findings + [
        Finding("missing", BLOBS, store.path(sha256), needed_by=speaker)
        for sha256, speaker in speakers.items()
        if sha256 not in blobs
    ]


def _spoken_of(found: list[Item]) -> dict[str, str]:
    """What refers to files, by SHA-256: records of computed results, and named models."""
    speakers = {}
    for item in found:
        if item.is_record and not item.is_partial and (item.kind == MODELS or item.kind not in KEPT):
            sha256 = (item.record() or {}).get("sha256")
            if isinstance(sha256, str):
                speakers[sha256] = f"{item.kind} {item.key}"
    return speakers


def _is_corrupt(item: Item) -> bool:
    """Whether the content contradicts the name or the format."""
    if item.kind == BLOBS:
        return sha256_of(item.path) != item.key
    if item.kind == UPLOADS:
        return not sha256_of(item.path).startswith(item.path.parent.name)
    if item.is_record:
        return item.record() is None
    try:
        if item.path.suffix == ".npz":
            with zipfile.ZipFile(item.path) as archive:
                return archive.testzip() is not None
        if item.path.suffix == ".npy":
            np.load(item.path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError, zipfile.BadZipFile):
        return True
    return False


@dataclass(frozen=True, slots=True)
class GarbageReport:
    """What was removed, by kind; bytes of the store before and after."""

    before: int
    after: int
    removed: Mapping[str, Usage]
    fits: bool
    """Whether the store is as small as was asked."""


@dataclass(slots=True)
class _Bundle:
    """A file and the records that refer to it: they are removed together, by the last use of any of them."""

    files: list[Item] = field(default_factory=list)
    records: list[Item] = field(default_factory=list)

    @property
    def used(self) -> float:
        return max(item.used for item in self.records or self.files)


def sweep(store: Store, keep: Set[str], max_bytes: int | None = None) -> GarbageReport:
    """Remove unreferenced files; then, while the store is larger than `max_bytes`, the least recently used ones.

    The caller holds the store `alone`. `keep` are hashes and keys that studies refer to; named models' files
    are kept as well.
    """
    found = list(items(store))
    models = (item.record() for item in found if item.kind == MODELS and item.is_record)
    keep = keep | mentioned([record for record in models if record is not None])
    bundles, nameless = _bundles(found, keep)
    removed: list[Item] = []
    before = left = sum(item.bytes for item in found)

    def remove(item: Item) -> None:
        nonlocal left
        item.path.unlink(missing_ok=True)
        removed.append(item)
        left -= item.bytes

    for item in nameless:
        remove(item)
    for bundle in sorted(bundles, key=lambda bundle: bundle.used):
        if max_bytes is None or left <= max_bytes:
            break
        # Records first: dying here leaves an unreferenced file, not a record without its file.
        for item in (*bundle.records, *bundle.files):
            remove(item)
    for path in (store.root / LOCKS).glob("*-*.lock"):
        if path.name.startswith(("stage-", "deployable-", "delivery-", "predictions-")):
            path.unlink(missing_ok=True)
    return GarbageReport(before, left, by_kind(removed), max_bytes is None or left <= max_bytes)


def _bundles(found: list[Item], keep: Set[str]) -> tuple[list[_Bundle], list[Item]]:
    """The units that may be removed, and the unreferenced files."""
    blobs = {item.key: _Bundle([item]) for item in found if item.kind == BLOBS and not item.is_partial}
    others, nameless = [], [item for item in found if item.is_partial and not item.is_young]
    for item in found:
        if item.kind in KEPT or item.kind == BLOBS or item.is_partial or item.key in keep:
            continue
        target = (item.record() or {}).get("sha256") if item.is_record else None
        if target is None:
            others.append(_Bundle([item]))
        elif target in blobs:
            blobs[target].records.append(item)
        else:
            nameless.append(item)
    for key, bundle in blobs.items():
        if key in keep:
            continue
        if bundle.records:
            others.append(bundle)
        elif not bundle.files[0].is_young:
            nameless += bundle.files
    return others, nameless
