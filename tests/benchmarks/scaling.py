"""What a trial costs beside its own work, here and on a cluster; and what that means for many machines. Prints JSON.

    python tests/benchmarks/scaling.py measure [--model M] [--data D] [--trials 12] [--limit 100] > measured.json
    python tests/benchmarks/scaling.py simulate --measured measured.json [--sizes other.json] [--copies 40]

`measure` runs the same recipes twice in empty stores: by one local worker, and by one Dask worker behind a scheduler on
127.0.0.1. Seconds by the clock are inflated by whatever else the machine does (see the load), CPU seconds are not.

`simulate` runs the sample study, so many times over (with other seeds), through the engine's own schedule on imagined
machines: trials take what they took in that study, everything else what was measured. Nothing in a simulation is a
measurement; the costs that go into it are.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from workers import recipes

from edgeslim import workbench
from edgeslim.artifacts.store import HOME_VARIABLE, Store
from edgeslim.jobs.status import read_status
from edgeslim.records import RecipeRecord
from edgeslim.studies.storage import StudyJournal
from edgeslim.studies.study import StudyPlan

LOOK = 0.05
"""Seconds between two looks at a study."""


def measure(model: str, data: str, trials: int, limit: int) -> dict[str, Any]:
    """Costs of a trial: by a local worker, and by one of a cluster."""
    from distributed import LocalCluster

    found: dict[str, Any] = {"load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as folder:
        here, there = Store(Path(folder) / "here"), Store(Path(folder) / "there")
        for store in (here, there):  # rendered data are not what is measured here
            store.root.mkdir()
            (store.root / "datasets").symlink_to(Store().root / "datasets")
        found["local"] = _study(model, data, trials, limit, here, None, None)
    with tempfile.TemporaryDirectory() as folder:
        home, far = Store(Path(folder) / "home"), Store(Path(folder) / "far")
        for store in (home, far):
            store.root.mkdir()
            (store.root / "datasets").symlink_to(Store().root / "datasets")
        with LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            dashboard_address=None,
            local_directory=folder,
            env={HOME_VARIABLE: str(far.root)},
        ) as cluster:
            worker = psutil.Process(next(iter(cluster.workers.values())).pid)
            found["cluster"] = _study(model, data, trials, limit, home, cluster.scheduler_address, worker)
        found["journal_ms"] = _journal(home)
        found["freight_bytes"] = _bytes(far, sorted(far.root.glob("models/*.json"))) + _bytes(
            far, [far.path(json.loads(path.read_text())["sha256"]) for path in far.root.glob("models/*.json")]
        )
    return {**found, "load_after": os.getloadavg()[0]}


def _study(
    model: str,
    data: str,
    trials: int,
    limit: int,
    store: Store,
    cluster: str | None,
    worker: psutil.Process | None,
) -> dict[str, float]:
    """Seconds of a trial that are not its own, as a worker waits for them; CPU seconds of the supervisor; bytes."""
    plan = StudyPlan(model=model, dataset=data, workers=1, limit=limit, held_out=0.0, cluster=cluster)
    name = workbench.start_study(plan, recipes(trials), store=store)
    looks: list[tuple[float, float, float, int]] = []
    timing, before = [0.0, 0.0], set[int]()
    while (status := workbench.study_status(name, store)).state == "running":
        known = read_status(store, name)
        if status.phase == "trials" and known is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                looks.append((time.monotonic(), _cpu(psutil.Process(known.pid)), _cpu(worker), status.done))
        if looks and looks[-1][3] >= 2 and not before:
            before = {t.number for t in workbench.study_result(name, store).trials if t.sha256}
        if status.phase == "latency":
            timing = [timing[0] or time.monotonic(), time.monotonic()]
        time.sleep(LOOK)
    study = workbench.study_result(name, store)
    assert {trial.state for trial in study.trials} == {"complete"}, study.error
    # From when two trials are done, the baseline among them: the first wait for what is opened once.
    first = next(look for look in looks if look[3] >= len(before))
    last = next(look for look in looks if look[3] == looks[-1][3])
    done = last[3] - first[3]
    own = [trial.seconds or 0.0 for trial in study.trials if trial.number not in before]
    made = [json.loads(path.read_text()) for path in store.root.glob(f"studies/{name}/made/*.json")]
    sent_home = sum(_bytes(store, [store.root / place for place in record["places"]]) for record in made)
    return {
        "seconds_a_trial": round((last[0] - first[0]) / done, 3),
        "own_seconds_a_trial": round(sum(own) / len(own), 3),
        "supervisor_cpu_ms": round(1000 * (last[1] - first[1]) / done, 1),
        "dask_worker_cpu_ms": round(1000 * (last[2] - first[2]) / done, 1),
        "bytes_home_a_trial": round(sent_home / max(1, len(made))),
        "latency_seconds_a_file": round((timing[1] - timing[0]) / len(study.trials), 3),
    }


def _cpu(process: psutil.Process | None) -> float:
    """CPU seconds of a process without its children."""
    if process is None:
        return 0.0
    times = process.cpu_times()
    return float(times.user + times.system)


def _bytes(store: Store, paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


def _journal(store: Store) -> float:
    """Milliseconds to keep a trial's result: begun, and recorded, each on the disk."""
    from edgeslim.studies.storage import PlannedTrial, names, read

    name = names(store)[0]
    journal, result = StudyJournal(store, name), read(store, name).trials[0].to_json()
    numbers = journal.add(PlannedTrial(RecipeRecord(), "t", str(index)) for index in range(20))
    began = time.perf_counter()
    for number in numbers:
        journal.start(number)
        journal.record(number, result)
    return round(1000 * (time.perf_counter() - began) / len(numbers), 1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("measure", "simulate"))
    parser.add_argument("--model", default="street-signs-medium")
    parser.add_argument("--data", default="street-signs")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--measured", type=Path, help="what `measure` has printed")
    parser.add_argument("--sizes", type=Path, help="the same, of a model as it is to be simulated")
    parser.add_argument("--copies", type=int, default=40)
    parser.add_argument("--gigabits", type=float, default=1.0)
    parser.add_argument("--start", type=float, default=10.0, help="seconds until a new worker is at work")
    given = parser.parse_args()
    if given.what == "measure":
        found: Any = measure(given.model, given.data, given.trials, given.limit)
    else:
        from imagined_machines import scenario

        measured, sizes = (
            json.loads(path.read_text()) for path in (given.measured, given.sizes or given.measured)
        )
        found = {
            name: scenario(measured, sizes, given.copies, given.gigabits, recovers, given.start)
            for name, recovers in (("with recovery", True), ("without", False))
        }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
