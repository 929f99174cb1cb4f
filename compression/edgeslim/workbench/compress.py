"""Make the files of a few recipes, here and now, without a study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.errors import InfeasibleError
from edgeslim.measurement.machine import busy
from edgeslim.models.base import ModelSpec
from edgeslim.progress import Progress, silent
from edgeslim.studies.trial import TrialResult
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
    limit: int | None = None,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress = silent,
) -> list[TrialResult]:
    """Write each recipe's file to the folder `out`, and beside it its measurements (.json).

    Returns them as trials, `file` being the written one. Of several recipes, one that this network
    cannot meet is 'infeasible' and the others go on; a single one raises InfeasibleError. Raises EdgeSlimError.
    """
    store = store or Store()
    with store.in_use():
        workload = opened(
            model, dataset, store, calibration=calibration, spec=spec, limit=limit, progress=progress
        )
        trials = measure(recipes, workload, store, threads, progress)
        if len(trials) == 1 and trials[0].error:
            raise InfeasibleError.of(trials[0].error)
        return [_write(trial, out) for trial in trials]


def measure(
    recipes: Sequence[Recipe], workload: Workload, store: Store, threads: int, progress: Progress
) -> list[TrialResult]:
    """Make and measure all recipes' files in this process; latency last, against the uncompressed model.

    The store is to be held `in_use` meanwhile, and for as long as the files are needed.
    """
    from edgeslim.measurement.measure import compress_and_score, make_file, time_files
    from edgeslim.recipe import Recipe
    from edgeslim.runtime import MAIN

    measured: list[TrialResult] = []
    name = workload.model.name
    with busy(name, progress) as report:
        for number, recipe in enumerate(recipes):
            trial = TrialResult(
                number=number,
                state="infeasible",
                recipe=recipe.record(),
                title=recipe.title,
                recipe_fingerprint=recipe.fingerprint(),
                model=name,
            )
            try:
                found = compress_and_score(recipe, workload, store, threads, report)
            except InfeasibleError as error:
                measured.append(replace(trial, error=error.record()))
                continue
            figures = {each.name: getattr(found, each.name) for each in fields(found)}
            measured.append(replace(trial, state="complete", file=str(store.path(found.sha256)), **figures))
        baseline = make_file(Recipe(), workload, store, threads, report).sha256
    made = [trial.sha256 for trial in measured if trial.sha256 is not None]
    latency = time_files({MAIN: list(dict.fromkeys([baseline, *made]))}, store, name, progress)[MAIN]
    return [replace(trial, latency=latency.get(trial.sha256 or "")) for trial in measured]


def _write(trial: TrialResult, out: Path) -> TrialResult:
    if trial.file is None:
        return trial
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in f"{trial.model}-{trial.title}")
    path = out / f"{stem}-{trial.recipe_fingerprint[:6]}.onnx"
    write_atomically(path, Path(trial.file).read_bytes())
    written = replace(trial, file=str(path))
    write_atomically(path.with_suffix(".json"), json.dumps(written.to_json(), indent=1).encode())
    return written
