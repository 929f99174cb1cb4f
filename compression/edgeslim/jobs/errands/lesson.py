"""A lesson's experiment at one setting of its controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.progress import Progress


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class RunExperiment:
    name: ClassVar[str] = "run_experiment"
    lesson: str
    experiment: str
    values: Mapping[str, Any]
    """Of the experiment's controls."""
    key: str

    @property
    def who(self) -> str:
        return self.lesson

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.lessons import LESSONS
        from edgeslim.lessons.kept import computed
        from edgeslim.lessons.lab import Lab
        from edgeslim.measurement.machine import busy

        experiment = LESSONS.get(self.lesson).experiment(self.experiment)
        assert experiment is not None, "asked for from a page that showed it"
        with store.in_use(), busy(self.who, progress) as report:
            computed(self.lesson, experiment.read(self.values), Lab(store, report))
