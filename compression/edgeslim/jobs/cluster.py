"""The same pool on other machines: a Dask cluster, given by its scheduler's address. Scheduling is Dask's.

The files that a trial made come back with its outcome, so the store here is complete; the files that a later trial
builds on are sent with it, whichever machine made them. Dask reassigns a trial whose machine died.
"""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import time
import uuid
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from edgeslim.artifacts.bundle import Bundle, packed
from edgeslim.artifacts.store import Store
from edgeslim.errors import EdgeSlimError, ModelError, StoreError, StudyError
from edgeslim.jobs.connecting import connect
from edgeslim.jobs.job import Job, Outcome, perform, unexpected
from edgeslim.jobs.pool import Event, Limits
from edgeslim.jobs.process_pool import ProcessPool
from edgeslim.jobs.remote import MADE, Order, Reply, as_it_is, versions, work_on
from edgeslim.jobs.transfer import model_files, transfer_bundle
from edgeslim.models.base import Model
from edgeslim.models.library import open_model
from edgeslim.recipe import Recipe

if TYPE_CHECKING:
    from distributed import Future

LONELY = 60.0
"""Seconds for which a study waits for a worker when there is none left."""
_FRESH = 1.0
"""Seconds for which the list of workers is kept."""
_SHORT = 0.05
"""Seconds to wait for the local process, while it has work."""
_AT_HAND = 16
"""Bundles of earlier results that the cluster keeps."""
_GATHERING = 4
"""Results that are fetched and written at a time."""
_OF_SCORES = ("artifacts/", "predictions/", "resamples/")
"""Kinds of an earlier trial's files that no trial builds on; only the baseline's are needed for comparison."""


class ClusterPool:
    """A pool like `Pool`. Jobs that are not trials (preparing, timing …) run in a process on this machine."""

    ahead: int | None = None

    def __init__(self, address: str, store: Store, study: str) -> None:
        """Raises StudyError if the cluster cannot be reached, has no workers, or other versions."""
        self._address, self._store = address, store
        self._client, self._versions = connect(address), versions()
        self._topic = f"{study}-{uuid.uuid4().hex}"
        self._told: queue.SimpleQueue[tuple[str, str, Any]] = queue.SimpleQueue()
        self._client.subscribe_topic(self._topic, self._on_progress)
        self._made = f"studies/{study}/made"
        """Record kind: the places of the files that a recipe's trial made, by the recipe's fingerprint."""
        self._jobs: dict[str, Job] = {}
        self._futures: dict[str, Future[Any]] = {}
        self._meant_for: dict[str, str] = {}
        """The worker that each task was submitted for; Dask may move it."""
        self._transfer: Future[Any] | None = None
        self._at_hand: OrderedDict[str, Future[Any]] = OrderedDict()
        self._workers: dict[str, int] = {}
        self._looked = self._seen = time.monotonic()
        self._gathering = ThreadPoolExecutor(_GATHERING)
        self._local: ProcessPool[Job] = ProcessPool(1, perform)
        # What has come home is nobody's until the study speaks of it: nothing is to be thrown away meanwhile.
        self._held_here = contextlib.ExitStack()
        self._breathe = self._held_here.enter_context(store.in_use())

    @property
    def idle(self) -> int:
        """Number of worker threads without a task of this study. Raises StudyError."""
        return max(0, sum(self._threads().values()) - len(self._jobs))

    @property
    def running(self) -> list[Job]:
        return [*self._jobs.values(), *self._local.running]

    def ready(self) -> bool:
        """Whether a task can be submitted now. Raises StudyError."""
        return self.idle > 0

    def submit(self, task: Job, limits: Limits | None = None) -> None:
        """Give a trial to the cluster, with the files it builds on. Its memory limit follows from the machine it runs
        on.
        """
        if task.task is None:
            self._local.submit(task, limits)
            return
        if self._transfer is None:
            self._transfer = self._client.submit(
                as_it_is, transfer_bundle(task.plan, self._store), pure=False
            )
        key, worker = f"{self._topic}-{uuid.uuid4().hex}", self._freest()
        self._jobs[key] = task
        try:
            models = self._teachers(task.task.recipe)
        except ModelError as error:  # other trials may not need it
            self._told.put(("done", key, Outcome(error=error.record())))
            return
        if worker is not None:
            self._meant_for[key] = worker
        # Left to itself, Dask would give all tasks to the worker that holds the data.
        self._futures[key] = self._client.submit(
            work_on,
            Order(dataclasses.replace(task, models=models), self._topic, self._versions),
            self._transfer,
            *self._built_on(task.task.recipe, models),
            key=key,
            pure=False,
            workers=None if worker is None else [worker],
            allow_other_workers=worker is not None,
        )
        self._futures[key].add_done_callback(lambda future: self._on_done(key, task, future))

    def wait(self, timeout: float) -> list[Event[Job]]:
        """What happened in the next `timeout` seconds, as soon as something did. Raises StudyError."""
        self._threads()
        if not self._jobs:
            self._breathe()
        events = self._local.wait(_SHORT) if self._local.running else []
        patience = 0.0 if self._local.running or events else timeout
        with contextlib.suppress(queue.Empty):
            while True:
                events += self._events(*self._told.get(timeout=patience))
                patience = 0.0
        return events

    def abandon(self) -> list[Job]:
        """Cancel the running tasks and return them; the pool stays usable. The workers stop within a moment."""
        tasks, futures = [*self._jobs.values(), *self._local.abandon()], list(self._futures.values())
        for known in (self._jobs, self._futures, self._meant_for):
            known.clear()
        with contextlib.suppress(OSError, TimeoutError):  # the scheduler is gone, and the tasks with it
            self._client.cancel(futures)
        return tasks

    def close(self) -> None:
        """Stop all work, here and on the cluster."""
        self.abandon()
        self._local.close()
        self._client.close()
        self._gathering.shutdown(wait=False, cancel_futures=True)
        self._held_here.close()

    def _threads(self) -> dict[str, int]:
        """Threads of each worker, by its address. Raises StudyError if all are gone for long."""
        now = time.monotonic()
        if not self._workers or now - self._looked > _FRESH:
            try:
                self._workers = dict(self._client.nthreads())
            except (OSError, TimeoutError) as error:
                raise StudyError("cluster_lost", address=self._address) from error
            self._looked = now
        if self._workers:
            self._seen = now
        elif now - self._seen > LONELY:
            raise StudyError("cluster_empty", address=self._address)
        return self._workers

    def _freest(self) -> str | None:
        """The worker with the most threads free of this study's tasks; None if there is no worker now."""
        threads, given = self._threads(), Counter(self._meant_for.values())
        return max(threads, key=lambda worker: threads[worker] - given[worker], default=None)

    def _teachers(self, recipe: Recipe) -> dict[str, Model]:
        """The models that the recipe learns from, by reference, except samples, which all have. Raises ModelError."""
        references = {step.learns_from for step in recipe.steps if step.learns_from is not None}
        models = {reference: open_model(reference, self._store) for reference in sorted(references)}
        return {reference: model for reference, model in models.items() if model.origin != "sample"}

    def _built_on(self, recipe: Recipe, models: Mapping[str, Model]) -> list[Future[Any]]:
        """The files of the recipe and its prefixes, the baseline first, and the models that it learns from."""
        prefixes = [Recipe(), *(recipe.prefix(length + 1) for length in range(len(recipe.steps)))]
        found = [self._held(prefix.fingerprint(), self._earlier, prefix) for prefix in prefixes]
        found += [self._held(f"model {model.sha256}", _bundle_of, model) for model in models.values()]
        return [future for future in found if future is not None]

    def _held(self, name: str, bundle: Callable[[Any], Bundle | None], of: Any) -> Future[Any] | None:
        """A bundle that the cluster holds, sent there if need be; None if there is none."""
        if name not in self._at_hand:
            made = bundle(of)
            if made is None:
                return None
            self._at_hand[name] = self._client.submit(as_it_is, made, pure=False)
        self._at_hand.move_to_end(name)
        if len(self._at_hand) > _AT_HAND:
            self._at_hand.popitem(last=False)
        return self._at_hand[name]

    def _earlier(self, recipe: Recipe) -> Bundle | None:
        """The files that an earlier trial made, those that are still here."""
        record = self._store.get_record(self._made, recipe.fingerprint())
        if record is None:
            return None
        places = [place for place in record["places"] if not (recipe.steps and place.startswith(_OF_SCORES))]
        return packed(self._store, places)

    def _on_progress(self, event: tuple[float, dict[str, Any]]) -> None:
        told = event[1]
        self._told.put(("progress", told["key"], tuple(told["progress"])))

    def _on_done(self, key: str, job: Job, future: Future[Any]) -> None:
        if key in self._jobs:
            self._gathering.submit(self._gather, key, job, future)

    def _gather(self, key: str, job: Job, future: Future[Any]) -> None:
        """Fetch a result and store its files. If its machine has died meanwhile, Dask computes it again."""
        from distributed.scheduler import KilledWorker

        assert job.task is not None, "only trials are sent"
        try:
            reply = cast(Reply, future.result())
            reply.bundle.unpack(self._store, kinds=MADE, keep=True)
            if reply.outcome.result is not None:
                fingerprint = job.task.recipe.fingerprint()
                known = self._store.get_record(self._made, fingerprint) or {"places": ()}
                # Files that were sent with the task do not come back.
                places = dict.fromkeys([*known["places"], *reply.bundle.files])
                self._store.put_record(self._made, fingerprint, {"places": list(places)})
            outcome = reply.outcome
        except CancelledError:
            self._told.put(("lost", key, None))
            return
        except KilledWorker:
            outcome = Outcome(error=StudyError("cluster_workers_died").record())
        except EdgeSlimError as error:
            outcome = Outcome(error=error.record(), stops_study=isinstance(error, StoreError))
        except Exception as error:  # noqa: BLE001 - a job's top
            outcome = Outcome(error=unexpected(error))
        self._told.put(("done", key, outcome))

    def _events(self, kind: str, key: str, value: Any) -> list[Event[Job]]:
        """The events of a task that was not cancelled meanwhile. Raises StudyError if it was lost."""
        job = self._jobs.get(key)
        if job is None:
            return []
        if kind == "progress":
            return [Event("progress", job, value)]
        del self._jobs[key]
        self._futures.pop(key, None)
        self._meant_for.pop(key, None)
        if kind == "lost":
            raise StudyError("cluster_lost", address=self._address)
        return [Event("done", job, value)]


def _bundle_of(model: Model) -> Bundle:
    return Bundle.of(model_files(model))
