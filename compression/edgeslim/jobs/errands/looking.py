"""A model's layers X-rayed, and each changed alone by each technique: kept as one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim import __version__
from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.metrics import resamples
from edgeslim.progress import Progress
from edgeslim.records import encoded
from edgeslim.studies.study import StudyPlan

INSIDES = "insides"
"""Record kind in the store."""
IMAGES = 8
"""Calibration images: as many as the shell takes unless it is told otherwise."""


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class LookInside:
    name: ClassVar[str] = "look_inside"
    who: str
    plan: StudyPlan
    """Its model and its calibration images are looked at."""
    sha256: str = ""
    """Of what the model's reference stands for, where it is known."""

    @property
    def key(self) -> str:
        plan = self.plan
        spec = None if plan.spec is None else plan.spec.to_json()
        return resamples.key_of(__version__, plan.model, self.sha256, plan.calibration or plan.dataset, spec)

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.analysis.deployed import required
        from edgeslim.analysis.results import Inside
        from edgeslim.analysis.scoring import score_layers
        from edgeslim.analysis.sensitivity import output_sensitivity
        from edgeslim.analysis.xray import xray
        from edgeslim.datasets import any_images, open_dataset
        from edgeslim.measurement.machine import busy
        from edgeslim.models.library import open_model

        plan = self.plan
        with store.in_use(), busy(self.who, progress) as report:
            model = open_model(plan.model, store, plan.spec, progress=report)
            images = required(any_images(open_dataset(plan.calibration or plan.dataset, store, report)))
            looked = xray(model, images, store, images=IMAGES, progress=report)
            measured = output_sensitivity(model, images, store, images=IMAGES, progress=report)
        found = Inside(
            xray=looked,
            sensitivity=measured,
            scores=score_layers(looked.layer_predictions, measured.techniques),
        )
        store.put_record(INSIDES, self.key, dict(encoded(found)))
