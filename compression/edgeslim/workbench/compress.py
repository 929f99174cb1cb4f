"""Make the files of a few recipes, here and now, without a study."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim.artifacts.store import Store, write_atomically
from edgeslim.errors import InfeasibleError
from edgeslim.measurement.machine import busy
from edgeslim.progress import Progress, silent
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
    spec: Mapping[str, Any] | None = None,
    limit: int | None = None,
    threads: int = 1,
    store: Store | None = None,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Write each recipe's file to the folder `out`, and beside it its measurements (.json).

    Returns the measurements as trials' JSON, `file` being the written one. Of several recipes, one that this network
    cannot meet is 'infeasible' and the others go on; a single one raises InfeasibleError. Raises EdgeSlimError.
    """
    store = store or Store()
    with store.in_use():
        workload = opened(
            model, dataset, store, calibration=calibration, spec=spec, limit=limit, progress=progress
        )
        trials = measure(recipes, workload, store, threads, progress)
        if len(trials) == 1 and trials[0]["error"]:
            raise InfeasibleError.from_json(trials[0]["error"])
        return [_write(trial, out) if trial["file"] else trial for trial in trials]


def measure(
    recipes: Sequence[Recipe], workload: Workload, store: Store, threads: int, progress: Progress
) -> list[dict[str, Any]]:
    """Make and measure all recipes' files in this process; latency last, against the uncompressed model.

    The store is to be held `in_use` meanwhile, and for as long as the files are needed.
    """
    from edgeslim.measurement.measure import compress_and_score, make_file, time_files
    from edgeslim.recipe import Recipe
    from edgeslim.runtime import MAIN
    from edgeslim.studies.study import TrialResult

    measured: list[dict[str, Any]] = []
    name = workload.model.name
    with busy(name, progress) as report:
        for recipe in recipes:
            try:
                result = compress_and_score(recipe, workload, store, threads, report)
                measured.append({"state": "complete", "file": str(store.path(result["sha256"])), **result})
            except InfeasibleError as error:
                measured.append({"state": "infeasible", "model": name, "error": error.to_json()})
        baseline = make_file(Recipe(), workload, store, threads, report).sha256
    made = [result["sha256"] for result in measured if "sha256" in result]
    latency = time_files({MAIN: list(dict.fromkeys([baseline, *made]))}, store, name, progress)[MAIN]
    return [
        TrialResult(
            number=number,
            recipe=recipe.to_json(),
            title=recipe.title,
            recipe_fingerprint=recipe.fingerprint(),
            latency=latency.get(result.get("sha256", "")),
            **result,
        ).to_json()
        for number, (recipe, result) in enumerate(zip(recipes, measured, strict=True))
    ]


def _write(trial: dict[str, Any], out: Path) -> dict[str, Any]:
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in f"{trial['model']}-{trial['title']}")
    path = out / f"{stem}-{trial['recipe_fingerprint'][:6]}.onnx"
    write_atomically(path, Path(trial["file"]).read_bytes())
    written = {**trial, "file": str(path)}
    write_atomically(path.with_suffix(".json"), json.dumps(written, indent=1).encode())
    return written
