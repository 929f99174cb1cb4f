"""Checking a store: every file has the content that it should have, and every referenced file exists."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edgeslim.artifacts.inventory import BLOBS, DATASET_NAMES, KEPT, MODELS, UPLOADS, Item, items
from edgeslim.artifacts.store import Store, sha256_of

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
