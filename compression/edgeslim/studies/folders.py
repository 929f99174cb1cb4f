"""The folders of studies in a store: what they are called, and what they hold."""

from __future__ import annotations

import re
from pathlib import Path

from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError, StoreError, StudyError

JOURNAL, POINTER = "journal.log", "database.json"
"""What a study's folder holds: its trials, or in which database they are."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


def study_folder(store: Store, name: str) -> Path:
    """The study's folder, existing or not. Raises StudyError if `name` is not a plain lower-case slug."""
    if not NAME.fullmatch(name):
        raise StudyError(
            "study_name",
            f"'{name}' cannot be the name of a study.",
            "Use up to 80 lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit.",
            name=name,
        )
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
        raise no_study(name) from error
    return f"{found.st_size} {found.st_mtime_ns}"


def exists(name: str) -> StudyError:
    """The error for a name that is taken."""
    return StudyError(
        "study_exists",
        f"There is already a study named '{name}'.",
        "Choose another name, or resume or delete that study.",
        name=name,
    )


def no_study(name: str) -> StudyError:
    """The error for a study that does not exist."""
    return StudyError(
        "no_study",
        f"There is no study named '{name}'.",
        "`edgeslim study list` names those there are. One of another data folder needs --store FOLDER, or EDGESLIM_HOME.",
        name=name,
    )


def damaged(name: str, path: Path) -> StudyError:
    """The error for a study whose journal is damaged."""
    return StudyError(
        "study_damaged",
        f"The journal of study '{name}' is damaged: '{path}' cannot be read.",
        "Delete the study and run it again; finished stages are kept and cost nothing.",
        name=name,
        path=path,
    )


def out_of_reach(name: str, error: EdgeSlimError) -> StoreError:
    """The error for a study whose database cannot be used."""
    return StoreError(
        "study_out_of_reach",
        f"Study '{name}' lies in a database that cannot be used: {error.problem}",
        "Bring the database back. If it is gone for good, "
        f"`edgeslim study delete {name} --force` forgets the study.",
        name=name,
        reason=error.problem,
    )
