"""Making a recipe's file and measuring it: what compressing, evaluating, ablating and every study's trials do."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim import pipeline
from edgeslim.artifacts.artifact import Artifact
from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.datasets.held_out import Part
from edgeslim.errors import EdgeSlimError
from edgeslim.evaluation import evaluate
from edgeslim.measurement.delivery import figures_in
from edgeslim.measurement.machine import alone
from edgeslim.measurement.workload import Workload
from edgeslim.progress import Progress, silent
from edgeslim.recipe import Recipe
from edgeslim.runtime import FILE_FORMATS, MAIN, installed, runtime_environment
from edgeslim.runtime.benchmark import compare_latency
from edgeslim.sessions import Session
from edgeslim.steps import STEPS, Step, TorchStep


def make_file(
    recipe: Recipe, workload: Workload, store: Store, threads: int = 1, progress: Progress = silent
) -> Artifact:
    """Make the recipe's file, from the store as far as it was made before. Raises EdgeSlimError."""
    return pipeline.run(recipe, workload.model, workload.data, store, threads=threads, progress=progress)


def compress_and_score(
    recipe: Recipe,
    workload: Workload,
    store: Store,
    threads: int = 1,
    progress: Progress = silent,
    images: int | None = None,
    runtimes: Sequence[str] = (MAIN,),
) -> dict[str, Any]:
    """Make the recipe's file and measure all but its latency, in the words of a trial's JSON.

    With `images` it is scored on so many only, spread over those there are.
    """
    artifact = make_file(recipe, workload, store, threads, progress)
    began = time.perf_counter()
    baseline = make_file(Recipe(), workload, store, threads, progress)
    split = workload.evaluation if images is None else _some(workload.evaluation, images)
    scored = evaluate(
        store.path(artifact.sha256),
        workload.model.spec,
        split,
        workload.labels,
        store,
        baseline=store.path(baseline.sha256),
        threads=threads,
        progress=progress,
    )
    files = artifact.sha256, baseline.sha256
    elsewhere = {
        name: figures_in(name, *files, workload, split, store, threads, progress).to_json()
        for name in runtimes
        if name != MAIN
    }
    seconds = sum(stage.seconds for stage in artifact.stages) + time.perf_counter() - began
    return {
        "model": artifact.model,
        "sha256": artifact.sha256,
        "stages": [dataclasses.asdict(stage) for stage in artifact.stages],
        "environment": runtime_environment(runtimes) | artifact.environment,
        "seconds": round(seconds, 3),
        **scored.to_json(),
        **({"runtimes": elsewhere} if elsewhere else {}),
    }


def time_files(
    files: Mapping[str, Sequence[str]],
    store: Store,
    who: str,
    progress: Progress = silent,
    rounds: int = 30,
) -> dict[str, dict[str, Any]]:
    """Latency by runtime and SHA-256, all files interleaved, while nothing else computes. Raises ModelError.

    The main runtime's first file is the baseline of all. `who` it is for is told to those who wait meanwhile. Where
    others went on computing all figures are noisy.
    """
    with alone(who, progress) as undisturbed:
        sessions: dict[tuple[str, str], Session] = {}
        for name, hashes in files.items():
            runtime = installed(name)
            suffix = FILE_FORMATS.get(runtime.format).suffix
            sessions |= {(name, sha256): runtime.open(store.path(sha256, suffix)) for sha256 in hashes}
        timed = compare_latency(sessions, (MAIN, files[MAIN][0]), rounds, progress=progress)
    if not undisturbed:
        timed = {key: dataclasses.replace(latency, noisy=True) for key, latency in timed.items()}
    return {
        name: {sha256: timed[name, sha256].to_json() for sha256 in hashes} for name, hashes in files.items()
    }


def usable_steps(workload: Workload, store: Store) -> list[str]:
    """Names of the steps that the model and the data can take: those of which a search makes recipes."""

    def usable(*steps: Step) -> bool:
        try:
            pipeline.check(Recipe(steps), workload.model, workload.data, store)
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
