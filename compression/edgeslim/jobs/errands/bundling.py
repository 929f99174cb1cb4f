"""A bundle of files to be measured on another device: what they must give there is computed here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.progress import Progress
from edgeslim.studies import bundles
from edgeslim.studies.bundles import BundleEntry, DeviceBundle
from edgeslim.studies.study import StudyPlan

IMAGES = 4
"""Evenly spread over those that the study scored."""
COMPARED = 256
"""Numbers of each output and image that are compared, drawn at random."""


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class MakeBundle:
    name: ClassVar[str] = "make_bundle"
    who: str
    key: str
    """Of everything that decides the bundle."""
    plan: StudyPlan
    bundle: DeviceBundle
    """Without images, places and references. Its files are in the store."""

    def run(self, store: Store, progress: Progress) -> None:
        import io

        import numpy as np

        from edgeslim.jobs.workload import workload_of
        from edgeslim.measurement.machine import busy
        from edgeslim.runtime import installed
        from edgeslim.tasks import task_for

        entries: list[BundleEntry] = []
        with store.in_use(), busy(self.who, progress) as report:
            workload = workload_of(self.plan, store, report)
            spec, split = workload.model.spec, workload.evaluation
            chosen = sorted({round(place) for place in np.linspace(0, len(split) - 1, IMAGES)})
            tensors = [task_for(spec).prepare(split.image(place), spec).tensor for place in chosen]
            for done, entry in enumerate(self.bundle.entries):
                report("bundling", done, len(self.bundle.entries))
                session = installed(entry.runtime).open(store.path(entry.sha256, entry.suffix))
                outputs = [session.run(tensor) for tensor in tensors]
                draw = np.random.default_rng(0)
                sizes = [min(each.size for each in port) for port in zip(*outputs, strict=True)]
                places = [sorted(draw.permutation(size)[:COMPARED].tolist()) for size in sizes]
                reference = [
                    [
                        output.astype(np.float64).ravel()[at].tolist()
                        for output, at in zip(one, places, strict=True)
                    ]
                    for one in outputs
                ]
                entries.append(bundles.with_reference(entry, places, reference))
        content = io.BytesIO()
        np.save(content, np.concatenate(tensors), allow_pickle=False)
        made = replace(
            self.bundle,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            images=store.put(content.getvalue(), ".npy"),
            entries=tuple(entries),
        )
        bundles.keep(store, made)
