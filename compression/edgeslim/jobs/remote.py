"""What a Dask worker does for a study on another machine: unpack, compute in a child process, pack.

The child process is that of a local pool (jobs.pool), so that a trial's limits hold here too, a crash does not take the
worker down, and the worker answers its scheduler meanwhile.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from edgeslim.artifacts.artifact import ARTIFACTS
from edgeslim.artifacts.bundle import Bundle, TracingStore, packed
from edgeslim.artifacts.store import Store
from edgeslim.artifacts.upkeep import BLOBS
from edgeslim.errors import EdgeSlimError, StudyError
from edgeslim.jobs.job import Job, Outcome, perform
from edgeslim.jobs.limits import ended, trial_limits
from edgeslim.jobs.process_pool import ProcessPool
from edgeslim.jobs.transfer import TransferBundle, received
from edgeslim.measurement.delivery import DELIVERIES
from edgeslim.measurement.machine import cores
from edgeslim.pipeline import DEPLOYABLES, STAGES
from edgeslim.processes import threads
from edgeslim.progress import Progress
from edgeslim.runtime.environment import environment

if TYPE_CHECKING:
    from distributed import Worker

_DECISIVE = ("edgeslim", "torch", "onnxruntime", "onnx", "numpy")
"""Packages whose version can change a result."""
MADE = frozenset({BLOBS, ARTIFACTS, STAGES, DEPLOYABLES, DELIVERIES, "predictions", "resamples"})
"""Kinds of files that trials make: what else a machine has is its own."""
_LOOK, _TELL = 0.2, 1.0
"""Seconds between two checks whether the result is still wanted, and between two progress messages."""
_IDLE = 60.0
"""Seconds for which an idle process is kept, since it has opened the study's model and data."""


Sent = TypeVar("Sent")


@dataclass(frozen=True, slots=True)
class Order:
    """A job for another machine. `study` is the topic of its progress messages."""

    job: Job
    study: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome, the files that were made or found, and the places of all files that the job used."""

    outcome: Outcome
    bundle: Bundle = dataclasses.field(default_factory=Bundle)
    places: tuple[str, ...] = ()


def versions() -> dict[str, str]:
    """Versions that must be the same on all machines, by package."""
    here = environment()
    return {name: here[name] for name in _DECISIVE}


def work_on(order: Order, transfer_bundle: TransferBundle, *bundles: Bundle) -> Reply:
    """Do the job in this machine's store ($EDGESLIM_HOME). Every error becomes an outcome."""
    from distributed import get_worker

    here, where = versions(), get_worker().address
    if here != order.versions:
        return Reply(Outcome(error=other_versions(where, here, order.versions).record(), stops_study=True))
    store, given = Store(), (transfer_bundle.bundle, *bundles)
    try:
        for bundle in given:
            bundle.unpack(store)
    except EdgeSlimError as error:
        return Reply(_of_this_machine(Outcome(error=error.record()), where))
    sent = {transfer_bundle.plan.model: transfer_bundle.model, **order.job.models}
    models = {reference: received(model, store) for reference, model in sent.items()}
    job = dataclasses.replace(
        order.job, root=store.root, plan=transfer_bundle.plan_in(store), threads=1, models=models
    )
    reply = _done(job, order.study, get_worker())
    known = {place for bundle in given for place in bundle.files}
    made = (place for place in reply.places if place.split("/")[0] in MADE)
    return dataclasses.replace(
        reply, outcome=_of_this_machine(reply.outcome, where), bundle=packed(store, made, without=known)
    )


def as_it_is(content: Sent) -> Sent:
    """The identity: a task that carries its result, so that Dask can send it again if a machine is lost."""
    return content


def other_versions(where: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> StudyError:
    there, here = (
        ", ".join(f"{name} {of.get(name) or 'missing'}" for name in wanted if found.get(name) != wanted[name])
        for of in (found, wanted)
    )
    return StudyError("cluster_versions", address=where, there=there, here=here)


def _of_this_machine(outcome: Outcome, where: str) -> Outcome:
    """An error of this machine, such as a full disk, fails one trial and not the study; its path names the machine."""
    error = outcome.error
    if error is not None and "path" in error.values:
        told = f"{error.values['path']} ({where})"
        error = dataclasses.replace(error, values={**error.values, "path": told})
    return dataclasses.replace(outcome, error=error, stops_study=False)


def _done(job: Job, study: str, worker: Worker) -> Reply:
    """The job's reply without a bundle; empty if the study no longer wants it."""
    key, told = worker.get_current_task(), 0.0
    with _process() as pool:
        pool.submit(job, trial_limits(job.plan, cores()))
        while _wanted(worker, key):
            for event in pool.wait(_LOOK):
                if event.kind == "done":
                    reply: Reply = event.value
                    return reply
                if event.kind != "progress":
                    return Reply(Outcome(error=ended(event)))
                if time.monotonic() - told >= _TELL:
                    told = time.monotonic()
                    worker.log_event(study, {"key": key, "progress": event.value})
        pool.abandon()
    return Reply(Outcome())


def _wanted(worker: Worker, key: Any) -> bool:
    """Whether the scheduler still wants the running task: it forgets those of a study that has ended or died."""
    task = worker.state.tasks.get(key)
    return task is not None and task.state != "cancelled"


def _perform(job: Job, progress: Progress) -> Reply:
    store = TracingStore(job.root)
    outcome = perform(job, progress, store)
    return Reply(outcome, places=store.places)


_at_rest: list[tuple[ProcessPool[Job], threading.Timer]] = []
"""This worker's processes that have nothing to do, each with what will end it."""


@contextmanager
def _process() -> Iterator[ProcessPool[Job]]:
    """A process to be used by this thread alone."""
    try:
        pool, timer = _at_rest.pop()
        timer.cancel()
    except IndexError:
        # Dask's nanny starts workers as daemons, which may not have children; ours end with their parent.
        multiprocessing.current_process().daemon = False
        os.environ.update(threads(1))
        pool = ProcessPool(1, _perform)
    try:
        yield pool
    finally:
        timer = threading.Timer(_IDLE, _end_if_at_rest, [pool])
        timer.daemon = True
        _at_rest.append((pool, timer))
        timer.start()


def _end_if_at_rest(pool: ProcessPool[Job]) -> None:
    for resting in tuple(_at_rest):
        if resting[0] is pool:
            _at_rest.remove(resting)
            pool.close()
