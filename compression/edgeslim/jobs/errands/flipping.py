"""A file scored again on inputs that differ by rounding errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgeslim.artifacts.store import Store
from edgeslim.errors import ModelError
from edgeslim.jobs.errand import ERRANDS
from edgeslim.progress import Progress
from edgeslim.studies import flips
from edgeslim.studies.study import StudyPlan


@ERRANDS.add
@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreNudged:
    name: ClassVar[str] = "score_nudged"
    who: str
    key: str
    """Under which the outcome is kept (studies.flips)."""
    plan: StudyPlan
    """Its model is what the file is read as; its data are scored on."""
    sha256: str
    """Of a file in the store."""

    def run(self, store: Store, progress: Progress) -> None:
        import numpy as np
        from scipy import stats

        from edgeslim.evaluation import score
        from edgeslim.jobs.workload import workload_of
        from edgeslim.measurement.machine import busy
        from edgeslim.runtime import ONNXRUNTIME, Runtime
        from edgeslim.runtime.nudged import Nudged

        with store.in_use(), busy(self.who, progress) as report:
            work = workload_of(self.plan, store, report)
            path, spec, images = store.path(self.sha256), work.model.spec, work.evaluation
            runtimes: list[Runtime] = [ONNXRUNTIME, *map(Nudged, range(flips.RUNS))]
            values, metric = [], ""
            for runtime in runtimes:
                found = score(path, spec, images, work.labels, store, runtime=runtime, progress=report)
                if found.accuracy is None or found.primary is None:
                    raise ModelError("not_scorable", model=work.model.name)
                values.append(found.primary.value)
                metric = found.primary_metric
        scored, runs = values[0], values[1:]
        deviation = float(np.std(runs, ddof=1))
        # of one more draw, by Student's t: a few runs know their own deviation badly
        further = float(stats.t.ppf(0.975, len(runs) - 1) * deviation * np.sqrt(1 + 1 / len(runs)))
        flips.keep(
            store,
            self.key,
            flips.Flips(
                metric=metric,
                images=len(images),
                scored=scored,
                runs=tuple(runs),
                deviation=deviation,
                further=further,
            ),
        )
