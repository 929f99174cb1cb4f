"""Trials per minute on one core and on two. Prints JSON.

    python tests/benchmarks/workers.py [--model M] [--data D] [--trials 24] [--limit 100] [--rounds 1]

Each round runs the same recipes twice in empty stores: with one worker on one core, and with two on two. Counted is the
time in which trials are compressed and scored, from the first being begun to the last being done; and, apart, the
whole study with preparing and timing.

Other processes disturb this. `undisturbed` is an estimate of what would have been without them: the seconds in which
a worker was ready to run but another process had its core (Linux's run-queue delay) are taken off.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.jobs.status import read_status
from edgeslim.measurement.machine import CORES_VARIABLE
from edgeslim.recipe import Recipe
from edgeslim.studies.study import StudyPlan

LOOK = 0.1
"""Seconds between two looks at the study."""


def recipes(count: int) -> list[Recipe]:
    """So many recipes that share no stage: pruning, int8, low rank and palettes in turn, each with other values."""
    made = []
    for index in range(count):
        share = 0.1 + 0.8 * index / count
        made.append(
            (
                {"step": "channel_pruning", "ratio": round(share / 2, 4)},
                {"step": "magnitude_pruning", "sparsity": round(share, 4)},
                {"step": "weight_clustering", "values": 8 + index},
                {"step": "static_int8", "images": 40 + index},
            )[index % 4]
        )
    return [Recipe.from_json({"steps": [step]}) for step in made]


def measure(model: str, data: str, count: int, limit: int, workers: int) -> dict[str, float]:
    """One study in an empty store, on so many cores."""
    os.environ[CORES_VARIABLE] = str(workers)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        # Rendered data are not what is measured here.
        (Store().root / "datasets").mkdir(parents=True, exist_ok=True)
        (store.root / "datasets").symlink_to(Store().root / "datasets")
        began = time.monotonic()
        plan = StudyPlan(model=model, dataset=data, workers=workers, limit=limit, held_out=0.0)
        name = workbench.start_study(plan, recipes(count), store=store)
        watch = _Watch(store, name)
        while (status := workbench.study_status(name, store)).state == "running":
            watch.look(status.phase == "trials")
            time.sleep(LOOK)
        whole = time.monotonic() - began
        states = [trial.state for trial in workbench.study_result(name, store).trials]
    assert states == ["complete"] * (count + 1), states
    seconds, lost = watch.seconds, watch.lost
    return {
        "trials_per_minute": 60 * len(states) / seconds,
        "undisturbed": 60 * len(states) / (seconds - lost),
        "cpu_seconds_a_trial": watch.cpu / len(states),
        "lost_share": lost / seconds,
        "whole_study_seconds": whole,
    }


class _Watch:
    """Seconds of the trials' phase, and where they went."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name
        self._first = self._last = 0.0
        self._start: dict[int, tuple[float, float]] = {}
        self._end: dict[int, tuple[float, float]] = {}

    def look(self, trials_run: bool) -> None:
        if trials_run:
            self._last = time.monotonic()
            self._first = self._first or self._last
            self._end |= self._spent()
            self._start = self._end | self._start

    @property
    def seconds(self) -> float:
        return self._last - self._first

    @property
    def cpu(self) -> float:
        """Seconds on a core, of all workers."""
        return sum(spent[0] - self._start[pid][0] for pid, spent in self._end.items())

    @property
    def lost(self) -> float:
        """Seconds for which the worker that was kept from its core least was kept from it."""
        return min(spent[1] - self._start[pid][1] for pid, spent in self._end.items())

    def _spent(self) -> dict[int, tuple[float, float]]:
        """(seconds on a core, seconds kept from it) by worker process, since it started."""
        status = read_status(self._store, self._name)
        found = {}
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(status.pid if status else 0).children():
                if not any("spawn_main" in word for word in child.cmdline()):
                    continue
                total = [0.0, 0.0]
                for schedstat in Path(f"/proc/{child.pid}/task").glob("*/schedstat"):
                    with contextlib.suppress(OSError):
                        on, waiting, _ = schedstat.read_text().split()
                        total[0] += int(on) / 1e9
                        total[1] += int(waiting) / 1e9
                found[child.pid] = (total[0], total[1])
        return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="street-signs-medium")
    parser.add_argument("--data", default="street-signs")
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    workbench.describe_dataset(given.data)
    found: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(given.rounds):
        for workers, rounds in found.items():
            rounds.append(measure(given.model, given.data, given.trials, given.limit, workers))
            print(workers, rounds[-1], file=sys.stderr)
    medians = {
        workers: {key: round(statistics.median(each[key] for each in rounds), 3) for key in rounds[0]}
        for workers, rounds in found.items()
    }
    ratios = {
        key: round(medians[2][key] / medians[1][key], 2) for key in ("trials_per_minute", "undisturbed")
    }
    print(json.dumps({"one": medians[1], "two": medians[2], "two_to_one": ratios}, indent=1))


if __name__ == "__main__":
    main()
