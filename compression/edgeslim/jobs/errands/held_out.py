"""Files scored on the images that a plan holds out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.progress import Progress
from edgeslim.studies.file_scores import keep_file_scores
from edgeslim.studies.study import StudyPlan


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreHeldOut:
    name: ClassVar[str] = "score_held_out"
    who: str
    key: str
    """Under which scores are kept (studies.file_scores)."""
    plan: StudyPlan
    files: tuple[str, ...]
    """SHA-256 of files in the store, the original's first."""

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.jobs.workload import workload_of
        from edgeslim.measurement.machine import busy
        from edgeslim.studies.held_out import file_scores

        with store.in_use(), busy(self.who, progress) as report:
            workload = workload_of(self.plan, store, report)
            if workload.held_out is None:
                return
            found = file_scores(
                self.files, workload.held_out, workload.model.spec, workload.labels, store, progress=report
            )
            keep_file_scores(store, self.key, found)
