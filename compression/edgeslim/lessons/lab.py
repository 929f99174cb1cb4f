"""The bench of the experiments: sample models with their data, opened once for all settings of an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store
from edgeslim.progress import Progress, silent

if TYPE_CHECKING:
    from edgeslim.artifacts.artifact import Artifact
    from edgeslim.measurement.measure import Measurement
    from edgeslim.measurement.workload import Workload
    from edgeslim.steps import Step


def dataset_of(model: str) -> str:
    """Of a sample model, by the beginning of its name."""
    return next(data for data in ("street-signs", "digits") if model.startswith(data))


@dataclass(slots=True)
class Lab:
    """Opens, makes and scores; everything goes through the store, so that nothing is made twice."""

    store: Store = field(default_factory=Store)
    progress: Progress = silent
    _opened: dict[tuple[str, int | None], Workload] = field(default_factory=dict)

    def workload(self, model: str, images: int | None = None) -> Workload:
        """A sample model with its data; `images`: evaluated on the first so many only."""
        from edgeslim.measurement.workload import open_workload

        key = model, images
        if key not in self._opened:
            self._opened[key] = open_workload(
                model, dataset_of(model), self.store, limit=images, progress=self.progress
            )
        return self._opened[key]

    def make(self, model: str, *steps: Step, seed: int = 0) -> Artifact:
        """The file that the steps make of the model; of no steps, its deployable form."""
        from edgeslim.measurement.measure import make_file
        from edgeslim.recipe import Recipe

        return make_file(Recipe(steps, seed), self.workload(model), self.store, 2, self.progress)

    def measure(self, model: str, *steps: Step, seed: int = 0, images: int | None = None) -> Measurement:
        """The file and all its figures but latency, on the first `images` of the validation split."""
        from edgeslim.measurement.measure import compress_and_score
        from edgeslim.recipe import Recipe

        return compress_and_score(
            Recipe(steps, seed), self.workload(model, images), self.store, 2, self.progress
        )
