"""An errand: a short piece of work on a study's files or for a lesson, in a process that all share who ask for it.

What it was asked and how far it is lie in two small files. Needs no torch and no onnxruntime.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import psutil

from edgeslim.artifacts.store import PATIENCE, Store, write_atomically
from edgeslim.errors import ErrorRecord
from edgeslim.jobs.launching import launch, reap
from edgeslim.jobs.status import identity, is_alive
from edgeslim.measurement.images import Images
from edgeslim.processes import threads
from edgeslim.records import ProgressRecord, RecipeRecord, decoded, encoded
from edgeslim.studies.study import StudyPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Files to time, to score on held-out images, the original's first, or to run on images; one to make again; or a
    lesson's outcome.
    """

    who: str
    """The study or the lesson, for those who wait meanwhile."""
    files: tuple[str, ...] = ()
    """SHA-256 of files in the store."""
    content: str = ""
    """Under which timings are kept (studies.timing), scores (studies.held_out), or an outcome (lessons.kept); of files to
    run, what is run on what.
    """
    held_out: bool = False
    """Score the files on the images that the plan holds out."""
    images: Images | None = None
    """What to run the files on, as files of the plan's model; without files they are only made ready, such as drawn."""
    plan: StudyPlan | None = None
    recipe: RecipeRecord | None = None
    sha256: str = ""
    """What the recipe's file is to be."""
    lesson: str = ""
    experiment: str = ""
    setting: str = ""
    """Values of the experiment's controls, as JSON."""

    @property
    def key(self) -> str:
        """Equal for all who ask for the same."""
        return self.content or self.sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandStatus:
    """How far an errand is; `state` is 'interrupted' if its process vanished."""

    state: Literal["running", "complete", "failed", "interrupted"]
    pid: int
    started: str
    current: ProgressRecord | None = None
    left: float | None = None
    """Seconds to the end of what it is doing, by what that has taken so far; None while that is not known."""
    error: ErrorRecord | None = None


def begin(store: Store, errand: Errand) -> None:
    """Run the errand in a process of its own, unless it runs already. Raises StoreError."""
    folder = errand_folder(store, errand.key)
    with store.lock(f"errand-{errand.key}", PATIENCE):
        found = status(store, errand.key)
        if found is not None and found.state == "running":
            return
        write_atomically(folder / "errand.json", json.dumps(encoded(errand)).encode())
        process = launch(
            "edgeslim.jobs.errand_worker", store, folder / "log.txt", "--errand", errand.key, **threads(1)
        )
        pid, started = identity(psutil.Process(process))
        write_errand_status(folder, ErrandStatus(state="running", pid=pid, started=started))


def status(store: Store, key: str) -> ErrandStatus | None:
    """How far the errand is; None if it was never begun."""
    reap()
    try:
        found = decoded(ErrandStatus, json.loads((errand_folder(store, key) / "status.json").read_bytes()))
    except (FileNotFoundError, ValueError):
        return None
    gone = found.state == "running" and not is_alive(found.pid, found.started)
    return replace(found, state="interrupted") if gone else found


def errand_folder(store: Store, key: str) -> Path:
    return store.root / "errands" / key


def write_errand_status(folder: Path, status: ErrandStatus) -> None:
    write_atomically(folder / "status.json", json.dumps(encoded(status)).encode())
