"""What a worker process does: open a study's workload, make and score one recipe's file, measure latencies."""

from __future__ import annotations

import dataclasses
import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from edgeslim.artifacts.store import Store
from edgeslim.errors import DatasetError, EdgeSlimError, ErrorRecord, InfeasibleError, StoreError
from edgeslim.jobs.conclude import conclude, to_come
from edgeslim.jobs.workload import workload_of
from edgeslim.measurement.machine import busy
from edgeslim.measurement.measure import compress_and_score, make_file, time_files, usable_steps
from edgeslim.measurement.workload import Workload
from edgeslim.models.base import Model
from edgeslim.progress import Progress
from edgeslim.records import encoded
from edgeslim.runtime import MAIN, RUNTIMES, check_runtimes
from edgeslim.studies.storage import read
from edgeslim.studies.study import StudyPlan
from edgeslim.studies.task import TrialTask


@dataclass(frozen=True, slots=True)
class Outcome:
    """A job's result, or the error. `stops_study`: every other trial would fail in the same way."""

    result: Mapping[str, Any] | None = None
    error: ErrorRecord | None = None
    state: Literal["failed", "infeasible"] = "failed"
    stops_study: bool = False

    @property
    def failure(self) -> ErrorRecord:
        """The error, where there is no result."""
        assert self.error is not None, "there is a result, or an error"
        return self.error

    def as_error(self) -> EdgeSlimError:
        """The error, to be raised."""
        return EdgeSlimError.of(self.failure)


@dataclass(frozen=True, slots=True)
class Job:
    """A job for a worker process: a task, files to time, or to conclude; none of these: to prepare."""

    root: Path
    plan: StudyPlan
    threads: int
    task: TrialTask | None = None
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """SHA-256 of the files to time by runtime, the baseline's first."""
    rounds: int = 30
    conclude: bool = False
    """Conclude the study (jobs.conclude)."""
    images: str | None = None
    """Fingerprint of the images to evaluate on, as the study was prepared with them."""
    models: Mapping[str, Model] = field(default_factory=dict)
    """Models of the submitting machine, by references that are valid only there."""


def perform(job: Job, progress: Progress, store: Store | None = None) -> Outcome:
    """Do the job; every error becomes an outcome. Tracebacks of unexpected ones go to the log (stderr)."""
    try:
        return Outcome(result=_work(job, progress, store or Store(job.root)))
    except InfeasibleError as error:
        return Outcome(error=error.record(), state="infeasible")
    except EdgeSlimError as error:
        return Outcome(error=error.record(), stops_study=isinstance(error, StoreError))
    except Exception as error:  # noqa: BLE001 - a job's top
        traceback.print_exc(file=sys.stderr)
        return Outcome(error=unexpected(error))


def failure_of(work: Callable[[], object]) -> ErrorRecord | None:
    """Do it; return the error that it came to, if any. Tracebacks of unexpected ones go to the log (stderr)."""
    try:
        work()
    except EdgeSlimError as error:
        return error.record()
    except Exception as error:  # noqa: BLE001 - a process's top
        traceback.print_exc(file=sys.stderr)
        return unexpected(error)
    return None


def unexpected(error: Exception) -> ErrorRecord:
    """The record of an unexpected error."""
    detail = f"{type(error).__name__}: {error}"
    return EdgeSlimError("unexpected", detail=detail).record()


def _work(job: Job, progress: Progress, store: Store) -> dict[str, Any]:
    if job.files:
        return dict(encoded(time_files(job.files, store, job.plan.name, progress, job.rounds)))
    with store.in_use(), busy(job.plan.name, progress) as report:
        workload = _workload(job, report)
        data = dataclasses.replace(workload.data, models=job.models)
        workload = dataclasses.replace(workload, data=data)
        if job.conclude:
            return conclude(read(store, job.plan.name), workload, store, job.threads, report)
        if job.task is None:
            told = [
                notice
                for name in check_runtimes(job.plan.runtimes)
                for notice in RUNTIMES.get(name).notices()
            ]
            return {
                "images": len(workload.evaluation),
                "warnings": [encoded(notice) for notice in (*workload.notices, *told)],
                "to_hold_out": to_come(workload),
                "steps": usable_steps(workload, store),
                "fingerprint": workload.evaluation.fingerprint,
            }
        if job.images not in (None, workload.evaluation.fingerprint):
            raise DatasetError("other_images", dataset=job.plan.dataset_name)
        if not job.task.evaluate:
            make_file(job.task.recipe, workload, store, job.threads, report)
            return {}
        runtimes = job.plan.runtimes if job.task.full else (MAIN,)
        found = compress_and_score(
            job.task.recipe, workload, store, job.threads, report, job.task.images, runtimes
        )
        return dict(encoded(found))


def _workload(job: Job, progress: Progress) -> Workload:
    """The job's workload, kept open from one job to the next."""
    plan, model = job.plan, job.models.get(job.plan.model)
    sha256 = None if model is None else model.sha256
    key = json.dumps([str(job.root), plan.to_json(), sha256], sort_keys=True)
    if key not in _OPEN:
        _OPEN.clear()
        _OPEN[key] = workload_of(plan, Store(job.root), progress, model)
    return _OPEN[key]


_OPEN: dict[str, Workload] = {}
