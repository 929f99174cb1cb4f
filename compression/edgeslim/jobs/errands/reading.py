"""Every image of a split read, to know which cannot be: what is found is kept under the errand's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.measurement.images import Images
from edgeslim.progress import Progress
from edgeslim.records import encoded

READ = "read-images"
"""Record kind: {broken} by the errand's key."""


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class ReadImages:
    name: ClassVar[str] = "read_images"
    who: str
    key: str
    images: Images

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.datasets import open_dataset
        from edgeslim.datasets.statistics import unreadable
        from edgeslim.measurement.machine import busy

        with store.in_use(), busy(self.who, progress) as report:
            split = open_dataset(self.images.dataset, store, report).split(self.images.split)
            store.put_record(READ, self.key, {"broken": encoded(unreadable(split, report))})
