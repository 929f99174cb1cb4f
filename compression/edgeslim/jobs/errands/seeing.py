"""Files run on images: what they see is kept as predictions."""

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
class SeeImages:
    name: ClassVar[str] = "see_images"
    who: str
    key: str
    """What is run on what."""
    images: Images
    plan: StudyPlan
    """Files are read as those of its model."""
    files: tuple[str, ...] = ()
    """SHA-256 of files in the store; without any, images are only made ready, such as drawn."""

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.measurement.machine import busy
        from edgeslim.measurement.workload import open_images
        from edgeslim.predictions import predict

        with store.in_use(), busy(self.who, progress) as report:
            workload = open_images(self.images, self.plan.model, store, spec=self.plan.spec, progress=report)
            assert workload.evaluation.fingerprint, "which takes all images to be there"
            for sha256 in self.files:
                predict(store.path(sha256), workload.model.spec, workload.evaluation, store, progress=report)
