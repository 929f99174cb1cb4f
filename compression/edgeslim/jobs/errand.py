"""An errand: a short piece of work on a study's files or for a lesson, in a process that all share who ask for it.

What it was asked and how far it is lie in two small files. Needs no torch and no onnxruntime.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal, Protocol

import psutil

from edgeslim import visitors
from edgeslim.artifacts.store import PATIENCE, Store, write_atomically
from edgeslim.errors import ErrorRecord
from edgeslim.jobs.errand_turns import require_turn
from edgeslim.jobs.launching import launch, reap
from edgeslim.jobs.status import identity, is_alive
from edgeslim.processes import threads
from edgeslim.progress import Progress
from edgeslim.records import ProgressRecord, decoded, encoded
from edgeslim.registry import Registry


class Errand(Protocol):
    """What is asked: a frozen dataclass of plain fields, so that a process of its own can be told. See jobs.errands.

    A screen makes it, so its module imports what computes only where it runs.
    """

    name: ClassVar[str]

    @property
    def who(self) -> str:
        """The study or the lesson, for those who wait meanwhile."""

    @property
    def key(self) -> str:
        """Equal for all who ask for the same."""

    def run(self, store: Store, progress: Progress) -> None:
        """Do it, in this process, and keep what was found. Raises EdgeSlimError."""


ERRANDS: Registry[type[Errand]] = Registry("errand")


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
    """Run the errand in a process of its own, unless it runs already. Raises StoreError, and AccessError in a public demo
    that has others to run."""
    folder = errand_folder(store, errand.key)
    with store.lock(f"errand-{errand.key}", PATIENCE):
        if _runs(store, errand.key):
            return
        require_turn(store, lambda key: _runs(store, key))
        asked = {"errand": errand.name, "visitor": visitors.visitor(), **encoded(errand)}
        write_atomically(folder / "errand.json", json.dumps(asked).encode())
        process = launch(
            "edgeslim.jobs.errand_worker", store, folder / "log.txt", "--errand", errand.key, **threads(1)
        )
        pid, started = identity(psutil.Process(process))
        write_errand_status(folder, ErrandStatus(state="running", pid=pid, started=started))


def read_errand(store: Store, key: str) -> Errand:
    """What was asked under that key."""
    asked = json.loads((errand_folder(store, key) / "errand.json").read_bytes())
    return decoded(ERRANDS.get(asked["errand"]), asked)


def status(store: Store, key: str) -> ErrandStatus | None:
    """How far the errand is; None if it was never begun."""
    reap()
    try:
        found = decoded(ErrandStatus, json.loads((errand_folder(store, key) / "status.json").read_bytes()))
    except (FileNotFoundError, ValueError):
        return None
    gone = found.state == "running" and not is_alive(found.pid, found.started)
    return replace(found, state="interrupted") if gone else found


def _runs(store: Store, key: str) -> bool:
    found = status(store, key)
    return found is not None and found.state == "running"


def errand_folder(store: Store, key: str) -> Path:
    return store.root / "errands" / key


def write_errand_status(folder: Path, status: ErrandStatus) -> None:
    write_atomically(folder / "status.json", json.dumps(encoded(status)).encode())
