"""The files that studies have made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeslim.artifacts.store import Store, sha256_of
from edgeslim.errors import StudyError
from edgeslim.jobs import supervisor
from edgeslim.workbench.samples import sample_file


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A trial whose file is not what was measured."""

    number: int
    file: Path
    problem: Literal["missing", "changed"]


def check_study(name: str, store: Store | None = None) -> list[FileProblem]:
    """Trials whose file is not what was measured."""
    store = store or Store()
    found = []
    for trial in supervisor.load(store, name).trials:
        if trial.sha256 is None:
            continue
        path = store.path(trial.sha256)
        if not path.exists():
            found.append(FileProblem(trial.number, path, "missing"))
        elif sha256_of(path) != trial.sha256:
            found.append(FileProblem(trial.number, path, "changed"))
    return found


def artifact_path(sha256: str, store: Store | None = None) -> Path:
    """The file of that hash, in the store or among the sample study's. Raises StudyError."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise StudyError("no_file", sha256=sha256)
    path = (store or Store()).path(sha256)
    found = path if path.exists() else sample_file(sha256)
    if found is None:
        raise StudyError("no_file", sha256=sha256)
    return found


def has_artifact(sha256: str, store: Store | None = None) -> bool:
    """Whether the file of that hash is here."""
    return (store or Store()).path(sha256).exists() or sample_file(sha256) is not None


def artifact_bytes(sha256: str, store: Store | None = None) -> bytes:
    """The content of the file of that hash. Raises StudyError if there is none."""
    return artifact_path(sha256, store).read_bytes()


def stored_bytes(sha256: str, store: Store | None = None) -> int:
    """Bytes of the numbers in the tensors of the file of that hash. Raises StudyError, ModelError."""
    from edgeslim.metrics.graph import load
    from edgeslim.metrics.size import stored_bytes

    return stored_bytes(load(artifact_bytes(sha256, store), sha256[:12]))
