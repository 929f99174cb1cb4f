"""Training runs as plain data: what is asked, the log so far, what came out. Reads without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.records import FormerData, decoded, encoded

DetectorSize = Literal["small", "medium", "large"]
STREET_SIGNS, NOTHING = "street-signs", "nothing"
TRAINING = "training"
"""Record kind, beside the runs' checkpoints."""
EPOCHS = 40
PATIENCE = 15
"""A run ends once so many epochs were no better."""
SIDE = 320
"""The longer side of the input, unless one is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorPlan:
    """`dataset` is a reference as `open_dataset` takes it. A `start` that is no word is a model's reference, whose size
    and input stay; otherwise `size` and `side` (of the input, pixels) say what is trained."""

    dataset: str
    name: str
    start: str = STREET_SIGNS
    size: DetectorSize = "medium"
    side: int = SIDE
    epochs: int = EPOCHS
    patience: int = PATIENCE
    seed: int = 0
    dataset_name: str = ""
    """As people know it."""

    @property
    def adapts(self) -> bool:
        """Whether another model gets these classes."""
        return self.start not in (STREET_SIGNS, NOTHING)

    @property
    def key(self) -> str:
        """Of the run: equal for plans that differ in what can be changed while it goes on."""
        shape = [] if self.adapts else [self.size, self.side]
        decisive = json.dumps([self.dataset, self.start, *shape, self.seed])
        return hashlib.sha256(decisive.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """`loss` is its mean on the images that are learnt from, `score` the mAP on those kept to watch the run."""

    number: float
    loss: float
    score: float
    seconds: float
    """Since the run began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """`state`: 'early' if nothing got better any more, 'stopped' if somebody wanted that; both keep the best epoch."""

    plan: DetectorPlan
    state: Literal["running", "complete", "early", "stopped"] = "running"
    began: str = ""
    """ISO 8601, UTC: of its last beginning."""
    epochs: tuple[Epoch, ...] = ()
    taught: int = 0
    """Images that are learnt from."""
    watched: int = 0
    """Training images kept from learning, on which the best epoch is chosen."""
    validated: int = 0
    kept: tuple[str, ...] = ()
    """Classes whose weights the model it began with had already."""
    forgotten: tuple[str, ...] = ()
    """Classes of that model that the new one has not."""
    former: FormerData | None = None
    sha256: str = ""
    metrics: Mapping[str, float] | None = None
    """On the validation images."""

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights are kept."""
        return max(self.epochs, key=lambda each: (each.score, each.number), default=None)


def read_run(store: Store, key: str) -> TrainingRun | None:
    """What is known of the run; None if it never began."""
    found = store.get_record(TRAINING, key)
    return None if found is None else decoded(TrainingRun, found)


def read_runs(store: Store) -> tuple[TrainingRun, ...]:
    """The newest first."""
    runs = (read_run(store, key) for key in store.keys(TRAINING))
    return tuple(sorted((run for run in runs if run is not None), key=lambda run: run.began, reverse=True))


def write_run(store: Store, run: TrainingRun) -> None:
    store.put_record(TRAINING, run.plan.key, encoded(run))


def ask_to_stop(store: Store, key: str) -> None:
    """The run ends after its present step, with the best weights so far."""
    write_atomically(_stop(store, key), b"")


def asked_to_stop(store: Store, key: str) -> bool:
    return _stop(store, key).exists()


def may_go_on(store: Store, key: str) -> None:
    """Take back that it was asked to stop."""
    _stop(store, key).unlink(missing_ok=True)


def _stop(store: Store, key: str) -> Path:
    return store.place(TRAINING, f"{key}.stop")
