"""What the study engine costs beside the work itself. Prints JSON.

    python tests/benchmarks/engine.py study [--model M] [--data D] [--preset P] [--workers N]
    python tests/benchmarks/engine.py trials [--count 1000]
    python tests/benchmarks/engine.py evaluation [--model M] [--data D] [--limit 200]

`study` runs a preset in an empty store. Overhead is the part of the workers' time that is not a step, inference or
scoring: starting, opening data and files, bookkeeping, and waiting for each other at the end.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.jobs.run import cores
from edgeslim.jobs.status import read_status
from edgeslim.records import Latency, RecipeRecord
from edgeslim.studies import storage
from edgeslim.studies.storage import PlannedTrial, StudyJournal
from edgeslim.studies.study import StudyPlan


def study(model: str, data: str, preset: str, workers: int, store: Store) -> dict[str, Any]:
    """Wall-clock seconds of a preset, and where the workers' time went."""
    workbench.describe_dataset(data, store)
    began = time.perf_counter()
    plan = StudyPlan(model=model, dataset=data, preset=preset, workers=workers)
    name = workbench.start_study(plan, store=store)
    phases: dict[str, float] = {}
    largest = 0
    while (status := workbench.study_status(name, store)).state == "running":
        largest = max(largest, _resident(store, name))
        phases[status.phase] = phases.get(status.phase, 0.0) + 0.2
        time.sleep(0.2)
    wall = time.perf_counter() - began
    trials = workbench.study_result(name, store).trials
    stages = {
        json.dumps(trial.recipe.steps[: index + 1]): stage.seconds
        for trial in trials
        for index, stage in enumerate(trial.stages)
    }
    scoring = sum(
        trial.seconds - sum(s.seconds for s in trial.stages) for trial in trials if trial.seconds is not None
    )
    timing = phases.get("latency", 0.0)
    available = (workers or cores()) * (wall - timing) + timing
    work = sum(stages.values()) + scoring + timing
    return {
        "states": [trial.state for trial in trials],
        "wall_seconds": round(wall, 1),
        "phases": {phase: round(seconds, 1) for phase, seconds in phases.items()},
        "work_seconds": {
            "stages": round(sum(stages.values()), 1),
            "scoring": round(scoring, 1),
            "latency": round(timing, 1),
        },
        "overhead": round(1 - work / available, 4),
        "supervisor_megabytes": round(largest / 1e6),
    }


def trials(count: int, store: Store) -> dict[str, Any]:
    """Milliseconds to add and finish a trial, and to read a study of so many."""
    plan = StudyPlan(name="many", model="m", model_name="m", dataset="d", dataset_name="d", created="")
    recipe = RecipeRecord(({"step": "magnitude_pruning", "sparsity": 0.5, "scope": "global"},))
    planned = [PlannedTrial(recipe if i else RecipeRecord(), f"trial {i}", str(i)) for i in range(count)]
    added = _seconds(lambda: storage.create(store, plan, planned))
    journal = StudyJournal(store, "many")
    by_class = {f"class {i}": 0.5 for i in range(80)}
    result: dict[str, Any] = {
        "sha256": "0" * 64,
        "sizes": {"file": 1000, "download": 900, "entropy_bound": 800},
        "accuracy": {"mAP": 0.5, "ci95": [0.4, 0.6], "by_class": by_class},
        "primary_metric": "mAP",
    }

    latency = Latency(1.0, 1.0, 1.0, (1.0, 1.0), 30)

    def finish() -> None:
        for number in range(count):
            journal.start(number)
            journal.record(number, {**result, "accuracy": {**result["accuracy"], "mAP": number / count}})
            journal.complete(number, latency, (number / count, 900.0))

    finished = _seconds(finish)
    workbench.study_result("many", store)
    return {
        "trials": count,
        "add_ms_each": round(added / count * 1000, 2),
        "finish_ms_each": round(finished / count * 1000, 2),
        "read_seconds": round(_seconds(lambda: workbench.study_result("many", store)), 3),
        "list_seconds": round(_seconds(lambda: workbench.list_studies(store)), 3),
    }


def evaluation(model: str, data: str, limit: int, store: Store) -> dict[str, Any]:
    """Milliseconds for an image, all in, on one core: reading, preparing, running, decoding, scoring."""
    from edgeslim.evaluation import evaluate
    from edgeslim.measurement.measure import make_file
    from edgeslim.measurement.workload import open_workload
    from edgeslim.recipe import Recipe

    workload = open_workload(model, data, store, limit=limit)
    path = store.path(make_file(Recipe(), workload, store).sha256)
    spec, labels = workload.model.spec, workload.labels
    seconds = _seconds(lambda: evaluate(path, spec, workload.evaluation, labels, store))
    return {
        "images": len(workload.evaluation),
        "ms_an_image": round(seconds / len(workload.evaluation) * 1000, 2),
    }


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _resident(store: Store, name: str) -> int:
    """Resident bytes of the study's own process (not of its workers)."""
    status = read_status(store, name)
    try:
        return int(psutil.Process(status.pid).memory_info().rss) if status else 0
    except psutil.NoSuchProcess:
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("study", "trials", "evaluation"))
    parser.add_argument("--model", default="street-signs-medium")
    parser.add_argument("--data", default="street-signs")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--storage", metavar="URL", help="a database for the study, else a journal")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), given.storage)
        # Rendered and unpacked data are not what is measured here.
        (Store().root / "datasets").mkdir(parents=True, exist_ok=True)
        (store.root / "datasets").symlink_to(Store().root / "datasets")
        if given.what == "study":
            found = study(given.model, given.data, given.preset, given.workers, store)
        elif given.what == "trials":
            found = trials(given.count, store)
        else:
            found = evaluation(given.model, given.data, given.limit, store)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
