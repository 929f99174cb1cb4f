"""The folders of studies in a store: what they are called, and what they hold."""

from __future__ import annotations

import re
from pathlib import Path

from edgeslim.artifacts.store import Store
from edgeslim.errors import StudyError

JOURNAL, POINTER = "journal.log", "database.json"
"""What a study's folder holds: its trials, or in which database they are."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


def study_folder(store: Store, name: str) -> Path:
    """The study's folder, existing or not. Raises StudyError if `name` is not a plain lower-case slug."""
    if not NAME.fullmatch(name):
        raise StudyError("study_name", name=name)
    return store.root / "studies" / name


def names(store: Store) -> list[str]:
    """Names of all studies, sorted."""
    studies = store.root / "studies"
    return sorted(path.parent.name for kind in (JOURNAL, POINTER) for path in studies.glob(f"[!.]*/{kind}"))


def journal_version(store: Store, name: str) -> str | None:
    """What differs once the study's journal does; None of a study in a database, which alone could tell.

    Raises StudyError if there is no such study.
    """
    folder = study_folder(store, name)
    try:
        found = (folder / JOURNAL).stat()
    except FileNotFoundError as error:
        if (folder / POINTER).exists():
            return None
        raise StudyError("no_study", name=name) from error
    return f"{found.st_size} {found.st_mtime_ns}"
