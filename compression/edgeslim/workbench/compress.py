"""Make the files of a few recipes, here and now, without a study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.errors import InfeasibleError, Notice
from edgeslim.measurement.machine import busy
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.records import ClassMap, shared
from edgeslim.studies.trial import TrialResult
from edgeslim.workbench.preprocessing import settled_spec
from edgeslim.workbench.workload import opened

if TYPE_CHECKING:
    from edgeslim.measurement.workload import Workload
    from edgeslim.recipe import Recipe


def compress(
    model: str | Path,
    dataset: str | Path,
    recipes: Sequence[Recipe],
    out: Path,
    *,
    calibration: str | Path | None = None,
    spec: ModelSpec | None = None,
    classes: ClassMap = (),
    limit: int | None = None,
    threads: int = 1,
    runtimes: Sequence[str] = (),
    store: Store | None = None,
    progress: Progress = silent,
) -> list[TrialResult]:
    """Write each recipe's file to the folder `out`, and beside it its measurements (.json), and what is delivered for
    `runtimes` besides the main one, in which it is measured too.

    Returns them as trials, `file` being the written one. Of several recipes, one that this network
    cannot meet is 'infeasible' and the others go on; a single one raises InfeasibleError. Raises EdgeSlimError.
    """
    from edgeslim.datasets.labels import check_classes

    store = store or Store()
    with store.in_use():
        spec, told = settled_spec(model, dataset, spec, store, progress, classes)
        workload = opened(
            model,
            dataset,
            store,
            calibration=calibration,
            spec=spec,
            limit=limit,
            classes=classes,
            progress=progress,
        )
        check_classes(workload.matching)
        trials = measure(recipes, workload, store, threads, progress, runtimes, told)
        if len(trials) == 1 and trials[0].error:
            raise InfeasibleError.of(trials[0].error)
        return [_write(trial, out, store) for trial in trials]


def measure(
    recipes: Sequence[Recipe],
    workload: Workload,
    store: Store,
    threads: int,
    progress: Progress,
    runtimes: Sequence[str] = (),
    told: Sequence[Notice] = (),
) -> list[TrialResult]:
    """Make and measure all recipes' files in this process; latency last, against the uncompressed model.

    They carry what is `told` of the model, and the workload's notices.

    The store is to be held `in_use` meanwhile, and for as long as the files are needed.
    """
    from edgeslim.measurement.measure import compress_and_score, make_file, time_files
    from edgeslim.recipe import Recipe
    from edgeslim.runtime import MAIN, check_runtimes

    measured: list[TrialResult] = []
    name, runtimes = workload.model.name, check_runtimes(runtimes)
    with busy(name, progress) as report:
        for number, recipe in enumerate(recipes):
            trial = TrialResult(
                number=number,
                state="infeasible",
                recipe=recipe.record(),
                title=recipe.title,
                recipe_fingerprint=recipe.fingerprint(),
                model=name,
                classes=workload.matching,
                told=(*told, *workload.notices),
            )
            try:
                found = compress_and_score(recipe, workload, store, threads, report, runtimes=runtimes)
            except InfeasibleError as error:
                measured.append(replace(trial, error=error.record()))
                continue
            file = str(store.path(found.sha256))
            measured.append(replace(trial, state="complete", file=file, **shared(TrialResult, found)))
        baseline = make_file(Recipe(), workload, store, threads, report).sha256
    files = {MAIN: {baseline: True}}
    for trial in measured:
        for runtime, sha256 in trial.delivered.items():
            files.setdefault(runtime, {})[sha256] = True
    timed = time_files({runtime: list(made) for runtime, made in files.items()}, store, name, progress)
    return [
        trial.with_latencies(
            {runtime: timed[runtime][of] for runtime, of in trial.delivered.items()}
        ).as_it_is()
        for trial in measured
    ]


def _write(trial: TrialResult, out: Path, store: Store) -> TrialResult:
    if trial.file is None:
        return trial
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in f"{trial.model}-{trial.title}")
    path = out / f"{stem}-{trial.recipe_fingerprint[:6]}.onnx"
    write_atomically(path, Path(trial.file).read_bytes())
    for name, found in trial.runtimes.items():
        if found.sha256 is not None:
            delivered = store.path(found.sha256, found.suffix).read_bytes()
            write_atomically(path.with_name(f"{path.stem}-{name}{found.suffix}"), delivered)
    written = replace(trial, file=str(path))
    write_atomically(path.with_suffix(".json"), json.dumps(written.to_json(), indent=1).encode())
    return written
