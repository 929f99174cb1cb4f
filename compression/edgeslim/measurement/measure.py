"""Making a recipe's file and measuring it: what compressing, evaluating, ablating and every study's trials do."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim import pipeline
from edgeslim.artifacts.artifact import Artifact, Stage
from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.datasets.held_out import Part
from edgeslim.errors import EdgeSlimError
from edgeslim.evaluation import Evaluation, evaluate
from edgeslim.measurement.machine import alone
from edgeslim.measurement.workload import Workload
from edgeslim.progress import Progress, silent
from edgeslim.recipe import Recipe
from edgeslim.records import Latency
from edgeslim.runtime.benchmark import compare_latency
from edgeslim.steps import STEPS, Step, TorchStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Evaluation):
    """What was measured of a recipe's file, and how it was made; the fields are a trial's."""

    model: str
    sha256: str
    stages: tuple[Stage, ...]
    environment: Mapping[str, str]
    seconds: float


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
) -> Measurement:
    """Make the recipe's file and measure all but its latency.

    With `images` it is scored on that many only, evenly spread over the split.
    """
    artifact = make_file(recipe, workload, store, threads, progress)
    began = time.perf_counter()
    baseline = make_file(Recipe(), workload, store, threads, progress)
    scored = evaluate(
        store.path(artifact.sha256),
        workload.model.spec,
        workload.evaluation if images is None else _some(workload.evaluation, images),
        workload.labels,
        store,
        baseline=store.path(baseline.sha256),
        threads=threads,
        progress=progress,
    )
    seconds = sum(stage.seconds for stage in artifact.stages) + time.perf_counter() - began
    return Measurement(
        model=artifact.model,
        sha256=artifact.sha256,
        stages=artifact.stages,
        environment=artifact.environment,
        seconds=round(seconds, 3),
        **{each.name: getattr(scored, each.name) for each in dataclasses.fields(scored)},
    )


def time_files(
    hashes: Sequence[str], store: Store, progress: Progress = silent, rounds: int = 30
) -> dict[str, Latency]:
    """Latency by SHA-256, the first being the baseline, while nothing else computes. Raises ModelError."""
    files = {sha256: store.path(sha256) for sha256 in hashes}
    with alone():
        return compare_latency(files, hashes[0], rounds, progress=progress)


def usable_steps(workload: Workload, store: Store) -> list[str]:
    """Names of the steps that this model and data can take: a search makes recipes of these."""

    def usable(*steps: Step) -> bool:
        try:
            pipeline.check(Recipe(steps), workload.model, workload.data, store)
        except EdgeSlimError:
            return False
        return True

    alone = [step for step in STEPS if usable(step())]
    # A step that only recovers is tried after one that damages.
    reshaping = next((step for step in alone if issubclass(step, TorchStep) and not step.recovers), None)
    after = [] if reshaping is None else [s for s in STEPS if s.recovers and usable(reshaping(), s())]
    return [step.name for step in (*alone, *after)]


def _some(split: Split, images: int) -> Split:
    """That many images, evenly spread over the split."""
    places = sorted({round(place) for place in np.linspace(0, len(split) - 1, images)})
    return Part(split, places, f"{len(places)} spread")
