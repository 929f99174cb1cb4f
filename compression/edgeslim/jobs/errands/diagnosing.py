"""A file examined by the doctor: what is found is kept as a diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from edgeslim import __version__
from edgeslim.artifacts.store import Store
from edgeslim.detections import READING_SCORE
from edgeslim.jobs.errand import ERRANDS
from edgeslim.metrics import resamples
from edgeslim.progress import Progress
from edgeslim.records import RecipeRecord, encoded
from edgeslim.studies.study import StudyPlan

if TYPE_CHECKING:
    from edgeslim.analysis.doctor.case import Case
    from edgeslim.analysis.doctor.records import Diagnosis

DIAGNOSES = "diagnoses"
"""Record kind in the store."""
BEGUN = "diagnoses-begun"
"""Of what is found so far, while the file is examined."""
REVISION = 3
"""Of what causes look at: older diagnoses are made anew."""


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnose:
    name: ClassVar[str] = "diagnose"
    who: str
    plan: StudyPlan
    """Model, data and calibration images; the file is read as the model is."""
    original: str
    """SHA-256 of what it is compared with."""
    sha256: str
    """Of the file, in the store."""
    recipe: RecipeRecord | None = None
    """The file's, where it is known."""
    stages: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the working files after each step, by its place and name; those that are gone are done without."""
    threshold: float = READING_SCORE
    images: int = 64

    @property
    def key(self) -> str:
        plan = self.plan
        return resamples.key_of(
            __version__,
            REVISION,
            [plan.model, plan.dataset, plan.calibration, plan.limit, plan.held_out],
            None if plan.spec is None else plan.spec.to_json(),
            self.original,
            self.sha256,
            None if self.recipe is None else self.recipe.to_json(),
            encoded(self.stages),
            self.threshold,
            self.images,
        )

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.analysis.doctor.diagnosis import diagnose
        from edgeslim.measurement.machine import busy

        with store.in_use(), busy(self.who, progress) as report:
            found = diagnose(self._case(store, report), lambda so_far: self._keep(store, BEGUN, so_far))
        self._keep(store, DIAGNOSES, found)
        store.remove_record(BEGUN, self.key)

    def _keep(self, store: Store, kind: str, found: Diagnosis) -> None:
        store.put_record(kind, self.key, dict(encoded(found)))

    def _case(self, store: Store, progress: Progress) -> Case:
        import onnx

        from edgeslim.analysis.doctor.case import Case, spread_evenly
        from edgeslim.export.onnx import deployable
        from edgeslim.jobs.workload import workload_of
        from edgeslim.measurement.measure import make_file
        from edgeslim.recipe import Recipe

        workload = workload_of(self.plan, store, progress)
        original = make_file(Recipe(), workload, store, 1, progress)
        files = [(name.split(" ", 1)[1], store.path(sha256)) for name, sha256 in self.stages.items()]
        there = all(path.exists() for _, path in files)
        return Case(
            original=onnx.load(store.path(original.sha256)),
            file=onnx.load(store.path(self.sha256)),
            spec=workload.model.spec,
            evaluation=spread_evenly(workload.evaluation, self.images),
            labels=workload.labels,
            calibration=workload.data.calibration,
            recipe=None if self.recipe is None else Recipe.from_json(self.recipe.to_json()),
            model=workload.model.name,
            threshold=self.threshold,
            progress=progress,
            stages=[(name, deployable(onnx.load(path))) for name, path in files] if there else [],
        )
