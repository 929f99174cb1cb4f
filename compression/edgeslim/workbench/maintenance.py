"""The data folder: what lies in it, whether it is sound, and making room."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.artifacts.store import Store
from edgeslim.artifacts.upkeep import (
    BLOBS,
    KEPT,
    STUDIES,
    Finding,
    GarbageReport,
    Problem,
    Usage,
    audit,
    by_kind,
    items,
    mentioned,
    sweep,
)
from edgeslim.errors import StoreError, StudyError
from edgeslim.studies import storage


@dataclass(frozen=True, slots=True)
class StoreInfo:
    root: Path
    bytes: int
    free: int
    """Bytes on its disk."""
    studies: int
    kinds: Mapping[str, Usage]


def store_info(store: Store | None = None) -> StoreInfo:
    """How much lies in the data folder."""
    store = store or Store()
    kinds = by_kind(items(store))
    return StoreInfo(
        root=store.root,
        bytes=sum(kind.bytes for kind in kinds.values()),
        free=shutil.disk_usage(_existing(store.root)).free,
        studies=len(storage.names(store)),
        kinds=kinds,
    )


def check_store(store: Store | None = None, repair: bool = False) -> list[Finding]:
    """What is not as it should be. Every file is read.

    `repair` removes corrupt files of what can be computed again. Raises StoreError (store_in_use) if something is at
    work while it should repair.
    """
    store = store or Store()
    needed: dict[str, str] = {}
    found: list[Finding] = []
    for name in storage.names(store):
        try:
            study = storage.read(store, name)
        except (StudyError, StoreError) as error:
            problem: Problem = "corrupt" if isinstance(error, StudyError) else "out of reach"
            path = storage.study_folder(store, name)
            found.append(Finding(problem, STUDIES, path, needed_by=f"study {name}"))
            continue
        for trial in study.trials:
            if trial.sha256 is not None:
                needed.setdefault(trial.sha256, f"study {name}, trial {trial.number}")
    found += audit(store, needed)
    if repair and any(map(_can_be_made_again, found)):
        try:
            with store.alone():
                return [_removed(finding) if _can_be_made_again(finding) else finding for finding in found]
        except TimeoutError as error:
            raise StoreError("store_in_use") from error
    return found


def collect_garbage(
    store: Store | None = None, max_bytes: int | None = None, wait: float = 0.0
) -> GarbageReport:
    """Remove files that nothing refers to; then, while the store is larger than `max_bytes`, what was used least
    recently. What trials of studies and named models refer to stays, as do data and studies.

    Raises StoreError (store_in_use) if something is at work for longer than `wait` seconds; StudyError
    (study_damaged) or StoreError (study_out_of_reach) if it cannot be told what a study refers to.
    """
    store = store or Store()
    try:
        with store.alone(wait):
            keep: set[str] = set()
            for name in storage.names(store):
                keep |= _referred_to(store, name)
            return sweep(store, keep, max_bytes)
    except TimeoutError as error:
        raise StoreError("store_in_use") from error


def _referred_to(store: Store, name: str) -> set[str]:
    """Everything that the study's trials name: files, and figures kept beside them, but not the stages on the way."""
    try:
        data = storage.read(store, name).to_json()
    except StoreError as error:
        raise StoreError("study_out_of_reach", name=name, reason=error) from error
    for trial in data["trials"]:
        trial["stages"] = ()
    return mentioned(data)


def _can_be_made_again(finding: Finding) -> bool:
    return finding.problem == "corrupt" and (finding.kind == BLOBS or finding.kind not in KEPT)


def _removed(finding: Finding) -> Finding:
    finding.path.unlink(missing_ok=True)
    return replace(finding, removed=True)


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.absolute().parents) if each.exists())
