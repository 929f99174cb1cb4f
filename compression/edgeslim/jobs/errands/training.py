"""A detector of one's own, trained: its log is kept as it goes (measurement.trainings), and the model is listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.measurement.trainings import DetectorPlan
from edgeslim.progress import Progress


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class TrainDetector:
    name: ClassVar[str] = "train_detector"
    plan: DetectorPlan

    @property
    def who(self) -> str:
        return self.plan.name

    @property
    def key(self) -> str:
        return self.plan.key

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.measurement.own_detector import train_detector

        train_detector(self.plan, store, progress=progress)
