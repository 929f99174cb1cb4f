"""A trial's file converted to the formats of runtimes, scored in each, and timed interleaved with the original."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.jobs.errand import ERRANDS
from edgeslim.progress import Progress
from edgeslim.studies import deployment
from edgeslim.studies.study import StudyPlan

SECONDS = 20.0
"""For so long files are timed, if the fewest rounds do not take longer."""


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class DeployFile:
    name: ClassVar[str] = "deploy_file"
    who: str
    key: str
    """Under which the outcome is kept (studies.deployment)."""
    plan: StudyPlan
    """Its model is what the file is read as; its data are scored on."""
    baseline: str
    sha256: str
    """Of the original's and the trial's ONNX file, both in the store."""
    runtimes: tuple[str, ...]
    """The main one first."""

    def run(self, store: Store, progress: Progress) -> None:
        from edgeslim.jobs.workload import workload_of
        from edgeslim.measurement.delivery import figures_in
        from edgeslim.measurement.machine import busy
        from edgeslim.measurement.measure import time_files
        from edgeslim.runtime import MAIN
        from edgeslim.runtime.environment import environment

        with store.in_use(), busy(self.who, progress) as report:
            workload = workload_of(self.plan, store, report)
            images = workload.evaluation
            figures = {
                name: figures_in(name, self.sha256, self.baseline, workload, images, store, 1, report)
                for name in self.runtimes
            }
        files = {name: [each.sha256] for name, each in figures.items() if each.sha256 is not None}
        files[MAIN] = list(dict.fromkeys((self.baseline, self.sha256)))
        timed = time_files(files, store, self.who, progress, seconds=SECONDS)
        found = {
            name: replace(each, latency=timed.get(name, {}).get(each.sha256 or ""))
            for name, each in figures.items()
        }
        kept = deployment.Deployment(
            sha256=self.sha256,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            environment=environment(),
            images=len(images),
            figures=found,
        )
        deployment.keep(store, self.key, kept)
