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
from edgeslim.datasets.base import Part, Split
from edgeslim.errors import EdgeSlimError
from edgeslim.evaluation import Evaluation, evaluate
from edgeslim.measurement.delivery import figures_in
from edgeslim.measurement.former_data import on_former_data
from edgeslim.measurement.machine import alone
from edgeslim.measurement.workload import Workload
from edgeslim.progress import Progress, silent
from edgeslim.recipe import Recipe
from edgeslim.records import FormerData, Latency, shared
from edgeslim.runtime import FILE_FORMATS, MAIN, installed, runtime_environment
from edgeslim.runtime.benchmark import compare_latency
from edgeslim.runtime.figures import RuntimeFigures
from edgeslim.sessions import Session
from edgeslim.steps import STEPS, Step, TorchStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Evaluation):
    """What was measured of a recipe's file, and how it was made; the fields are a trial's."""

    model: str
    sha256: str
    stages: tuple[Stage, ...]
    environment: Mapping[str, str]
    seconds: float
    int8_asked: bool
    runtimes: Mapping[str, RuntimeFigures] = dataclasses.field(default_factory=dict)
    former: FormerData | None = None


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
) -> Measurement:
    """Make the recipe's file and measure all but its latency; on the model's former data too, if it learns from the
    labels of others.

    With `images` it is scored on that many only, evenly spread over the split.
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
        name: figures_in(name, *files, workload, split, store, threads, progress)
        for name in runtimes
        if name != MAIN
    }
    former = None
    if images is None:
        former = on_former_data(
            recipe,
            workload,
            store.path(baseline.sha256),
            store.path(artifact.sha256),
            store,
            threads=threads,
            progress=progress,
        )
    seconds = sum(stage.seconds for stage in artifact.stages) + time.perf_counter() - began
    return Measurement(
        model=artifact.model,
        sha256=artifact.sha256,
        stages=artifact.stages,
        environment=runtime_environment(runtimes) | artifact.environment,
        runtimes=elsewhere,
        former=former,
        seconds=round(seconds, 3),
        int8_asked=any(step.integers for step in recipe.steps),
        **shared(Evaluation, scored),
    )


def time_files(
    files: Mapping[str, Sequence[str]],
    store: Store,
    who: str,
    progress: Progress = silent,
    rounds: int = 30,
    seconds: float = 0.0,
) -> dict[str, dict[str, Latency]]:
    """Latency by runtime and SHA-256, all files interleaved, while nothing else computes. Raises ModelError.

    The main runtime's first file is the baseline of all. `who` the measurement is for is shown to processes that wait
    meanwhile. If others went on computing, all figures say so. `rounds` and `seconds` as `compare_latency` has them.
    """
    with alone(who, progress) as undisturbed:
        sessions: dict[tuple[str, str], Session] = {}
        for name, hashes in files.items():
            runtime = installed(name)
            suffix = FILE_FORMATS.get(runtime.format).suffix
            sessions |= {(name, sha256): runtime.open(store.path(sha256, suffix)) for sha256 in hashes}
        timed = compare_latency(sessions, (MAIN, files[MAIN][0]), rounds, progress=progress, seconds=seconds)
    if not undisturbed:
        timed = {key: dataclasses.replace(latency, disturbed=True) for key, latency in timed.items()}
    return {name: {sha256: timed[name, sha256] for sha256 in hashes} for name, hashes in files.items()}


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
