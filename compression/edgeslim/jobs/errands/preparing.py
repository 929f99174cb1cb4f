"""Ways to prepare images for a model, tried on data: what each is worth is kept under the errand's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress
from edgeslim.records import encoded

TRIED = "tried-preprocessing"
"""Record kind: what was found, by the errand's key."""


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class TryPreprocessing:
    name: ClassVar[str] = "try_preprocessing"
    who: str
    key: str
    model: str
    dataset: str
    """As `open_dataset` takes it."""
    spec: ModelSpec | None = None
    """In place of the model's own."""

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.datasets import open_dataset
        from edgeslim.measurement.machine import busy
        from edgeslim.measurement.preprocessing import try_on
        from edgeslim.models.library import open_model

        with store.in_use(), busy(self.who, progress) as report:
            model = open_model(self.model, store, self.spec, progress=report)
            found = try_on(model, open_dataset(self.dataset, store, report), store, progress=report)
            store.put_record(TRIED, self.key, encoded(found))
