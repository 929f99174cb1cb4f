"""What a worker process does: open a study's setting, make and score one recipe's file, measure latencies."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgeslim import pipeline
from edgeslim.artifacts.artifact import Artifact
from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.datasets.held_out import Part
from edgeslim.errors import DatasetError, EdgeSlimError, InfeasibleError, StoreError
from edgeslim.evaluation import evaluate
from edgeslim.jobs.conclude import conclude, to_come
from edgeslim.jobs.machine import alone, busy
from edgeslim.jobs.schedule import Task
from edgeslim.jobs.setting import Setting, notice_json, open_setting
from edgeslim.models.base import Model
from edgeslim.progress import Progress, silent
from edgeslim.recipe import Recipe
from edgeslim.runtime.benchmark import compare_latency
from edgeslim.search.storage import read
from edgeslim.search.study import StudyPlan
from edgeslim.steps import STEPS, Step, TorchStep


@dataclass(frozen=True, slots=True)
class Outcome:
    """A job's result, or why there is none. `stops_study`: no other trial would fare better."""

    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    state: Literal["failed", "infeasible"] = "failed"
    stops_study: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker process must know: a task, files to time, what to conclude, or none (prepare)."""

    root: Path
    plan: StudyPlan
    threads: int
    task: Task | None = None
    files: Sequence[str] = ()
    """SHA-256 of the files to time, the baseline's first."""
    rounds: int = 30
    conclude: bool = False
    """Say what the results are worth: nothing is left to be chosen."""
    images: str | None = None
    """Fingerprint of the images to evaluate on, as the study was prepared with them."""
    models: Mapping[str, Model] = field(default_factory=dict)
    """Models of another machine by the references that lead to them there, and not here."""


def perform(job: Job, progress: Progress, store: Store | None = None) -> Outcome:
    """Do the job; whatever goes wrong is an outcome. Details of the unexpected go to the log (stderr)."""
    try:
        return Outcome(result=_work(job, progress, store or Store(job.root)))
    except InfeasibleError as error:
        return Outcome(error=error.to_json(), state="infeasible")
    except EdgeSlimError as error:
        return Outcome(error=error.to_json(), stops_study=isinstance(error, StoreError))
    except Exception as error:  # noqa: BLE001 - a job's top
        traceback.print_exc(file=sys.stderr)
        return Outcome(error=unexpected(error))


def unexpected(error: Exception) -> dict[str, Any]:
    """The JSON of an error that is not the user's."""
    detail = f"{type(error).__name__}: {error}"
    return EdgeSlimError(
        "unexpected",
        f"Something unexpected happened: {detail}.",
        "The study's log tells more; the other recipes go on.",
        detail=detail,
    ).to_json()


def compress_and_score(
    recipe: Recipe,
    setting: Setting,
    store: Store,
    threads: int = 1,
    progress: Progress = silent,
    images: int | None = None,
) -> dict[str, Any]:
    """Make the recipe's file and measure all but its latency, in the words of a trial's JSON.

    With `images` it is scored on so many only, spread over those there are.
    """
    artifact = make_file(recipe, setting, store, threads, progress)
    began = time.perf_counter()
    baseline = make_file(Recipe(), setting, store, threads, progress)
    scored = evaluate(
        store.path(artifact.sha256),
        setting.model.spec,
        setting.evaluation if images is None else _some(setting.evaluation, images),
        setting.labels,
        store,
        baseline=store.path(baseline.sha256),
        threads=threads,
        progress=progress,
    )
    seconds = sum(stage.seconds for stage in artifact.stages) + time.perf_counter() - began
    return {
        "model": artifact.model,
        "sha256": artifact.sha256,
        "stages": [dataclasses.asdict(stage) for stage in artifact.stages],
        "environment": artifact.environment,
        "seconds": round(seconds, 3),
        **scored.to_json(),
    }


def time_files(
    hashes: Sequence[str], store: Store, progress: Progress = silent, rounds: int = 30
) -> dict[str, Any]:
    """Latency by SHA-256, the first being the baseline, while nothing else computes. Raises ModelError."""
    files = {sha256: store.path(sha256) for sha256 in hashes}
    with alone():
        timed = compare_latency(files, hashes[0], rounds, progress=progress)
    return {sha256: latency.to_json() for sha256, latency in timed.items()}


def _work(job: Job, progress: Progress, store: Store) -> dict[str, Any]:
    if job.files:
        return time_files(job.files, store, progress, job.rounds)
    with store.in_use(), busy() as breathe:

        def report(message: str, done: int, total: int) -> None:
            breathe()
            progress(message, done, total)

        setting = _setting(job, report)
        data = dataclasses.replace(setting.data, models=job.models)
        setting = dataclasses.replace(setting, data=data)
        if job.conclude:
            return conclude(read(store, job.plan.name), setting, store, job.threads, report)
        if job.task is None:
            return {
                "dataset": setting.dataset,
                "images": len(setting.evaluation),
                "warnings": [notice_json(notice) for notice in setting.notices],
                "to_hold_out": to_come(setting),
                "steps": usable_steps(setting, store),
                "fingerprint": setting.evaluation.fingerprint,
            }
        if job.images not in (None, setting.evaluation.fingerprint):
            raise DatasetError(
                "other_images",
                f"The images of '{job.plan.dataset_name}' on another machine are not those of this study.",
                "Put the same files at the same path on every machine.",
                dataset=job.plan.dataset_name,
            )
        if not job.task.evaluate:
            make_file(job.task.recipe, setting, store, job.threads, report)
            return {}
        return compress_and_score(job.task.recipe, setting, store, job.threads, report, job.task.images)


def make_file(
    recipe: Recipe, setting: Setting, store: Store, threads: int = 1, progress: Progress = silent
) -> Artifact:
    """Make the recipe's file, from the store as far as it was made before. Raises EdgeSlimError."""
    return pipeline.run(recipe, setting.model, setting.data, store, threads=threads, progress=progress)


def usable_steps(setting: Setting, store: Store) -> list[str]:
    """Names of the steps that the model and the data can take: those of which a search makes recipes."""

    def usable(*steps: Step) -> bool:
        try:
            pipeline.check(Recipe(steps), setting.model, setting.data, store)
        except EdgeSlimError:
            return False
        return True

    alone = [step for step in STEPS if usable(step())]
    # What only recovers needs something to recover from.
    reshaping = next((step for step in alone if issubclass(step, TorchStep) and not step.recovers), None)
    after = [] if reshaping is None else [s for s in STEPS if s.recovers and usable(reshaping(), s())]
    return [step.name for step in (*alone, *after)]


def _some(split: Split, images: int) -> Split:
    """So many images, spread over the split."""
    places = sorted({round(place) for place in np.linspace(0, len(split) - 1, images)})
    return Part(split, places, f"{len(places)} spread")


def _setting(job: Job, progress: Progress) -> Setting:
    """The job's setting, kept open from one job to the next."""
    plan, model = job.plan, job.models.get(job.plan.model)
    sha256 = None if model is None else model.sha256
    key = json.dumps([str(job.root), plan.to_json(), sha256], sort_keys=True)
    if key not in _OPEN:
        _OPEN.clear()
        _OPEN[key] = open_setting(
            model or plan.model,
            plan.dataset,
            Store(job.root),
            calibration=plan.calibration,
            spec=plan.spec,
            limit=plan.limit,
            held_out=plan.held_out,
            progress=progress,
        )
    return _OPEN[key]


_OPEN: dict[str, Setting] = {}
