"""A study's model and data, opened as its plan names them."""

from __future__ import annotations

from edgeslim.artifacts.store import Store
from edgeslim.measurement.workload import Workload, open_workload
from edgeslim.models.base import Model
from edgeslim.progress import Progress
from edgeslim.studies.study import StudyPlan


def workload_of(plan: StudyPlan, store: Store, progress: Progress, model: Model | None = None) -> Workload:
    """`model` where the plan's reference is valid on another machine only. Raises ModelError or DatasetError."""
    return open_workload(
        model or plan.model,
        plan.dataset,
        store,
        calibration=plan.calibration,
        spec=plan.spec,
        limit=plan.limit,
        held_out=plan.held_out,
        classes=plan.classes,
        divided=plan.divided,
        progress=progress,
    )
