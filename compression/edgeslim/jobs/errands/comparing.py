"""Two files run on the images that they are compared on, and what they get wrong there: what a report tells of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.measurement.images import Images
from edgeslim.progress import Progress
from edgeslim.studies.study import StudyPlan


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class CompareFiles:
    name: ClassVar[str] = "compare_files"
    who: str
    key: str
    images: Images
    plan: StudyPlan
    """Files are read as those of its model."""
    files: tuple[str, str]
    """SHA-256 of files in the store, the original's first."""
    confidence: float

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.analysis.compared import compare_on
        from edgeslim.measurement.machine import busy
        from edgeslim.measurement.workload import open_images

        with store.in_use(), busy(self.who, progress) as report:
            workload = open_images(self.images, self.plan.model, store, spec=self.plan.spec, progress=report)
            paths = (store.path(self.files[0]), store.path(self.files[1]))
            compare_on(workload, paths, self.confidence, store, report)
