"""What searches find in equal minutes: hypervolume against time, of each kind and seed. Prints JSON.

    python tests/benchmarks/search.py [--minutes 3] [--seeds 3] [--budget download=150KB …] [--at-once 1] [--out FILE]

Every search runs on two cores (--cores) in a store of its own, where nothing was made before but the images. With
--at-once several run beside each other, each on its own cores and measuring latency for itself. The order of kinds
changes from seed to seed, so that a machine that slows down favours nobody. Hypervolumes share one reference
(edgeslim.studies.reference_point), as all have the same original; `ratio` is each kind's median over random's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from statistics import median
from typing import Any

from edgeslim import workbench
from edgeslim.artifacts.store import HOME_VARIABLE, Store
from edgeslim.measurement.machine import LOCKS_VARIABLE, allowed
from edgeslim.studies.budget import misses
from edgeslim.studies.figures import objective_values
from edgeslim.studies.hypervolume import hypervolume
from edgeslim.studies.reference_point import reference_point
from edgeslim.studies.study import StudyResult

ROOT = Path(__file__).parents[2]
KINDS = {
    "nsga2": ("--search", "nsga2"),
    "tpe": ("--search", "tpe"),
    "factored-random": ("--search", "random"),
    "whole-nsga2": ("--search", "nsga2", "--no-multi-fidelity"),
    "random": ("--search", "random", "--no-multi-fidelity"),
    "grid": ("--search", "grid", "--no-multi-fidelity"),
}
POINTS = 12
"""Of the curve over time."""


def search(kind: str, seed: int, given: argparse.Namespace, cores: list[int], home: Path) -> dict[str, Any]:
    """One search in a store of its own."""
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        (Path(folder) / "datasets").symlink_to(home / "datasets")
        command = [
            *(sys.executable, "-m", "edgeslim", "study", "run", "--json", "--model", given.model),
            *("--data", given.data, "--minutes", str(given.minutes), "--seed", str(seed)),
            *("--workers", str(given.cores), "--name", "search", *KINDS[kind]),
            *(part for limit in given.budget for part in ("--budget", limit)),
        ]
        names = {HOME_VARIABLE: folder, LOCKS_VARIABLE: f"{folder}/locks", "OMP_NUM_THREADS": "1"}
        began = time.monotonic()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **names},
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        if not done.stdout.startswith("{"):
            return {"kind": kind, "seed": seed, "error": (done.stdout + done.stderr)[-2000:]}
        study = json.loads(done.stdout)
        return {
            "kind": kind,
            "seed": seed,
            "seconds": round(time.monotonic() - began),
            **figures(study, given),
        }


def figures(told: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    """Hypervolume at the end and over time, and what the search did."""
    study = StudyResult.from_json(told)
    original = study.original
    assert original is not None
    scale = reference_point(original, study.objectives, study.budget)
    found = [
        (trial.found_after, gains)
        for trial in study.trials
        if trial.state == "complete" and trial.found_after is not None
        if not misses(trial, study.budget, original)
        if (gains := scale.gains(objective_values(trial))) is not None
    ]
    times = [given.minutes * 60 * (point + 1) / POINTS for point in range(POINTS)]
    states = [trial.state for trial in study.trials if trial.proposed]
    ranks = [
        (trial.rungs[0]["accuracy"]["paired_delta"], trial.accuracy["paired_delta"])
        for trial in study.trials
        if trial.rungs and trial.rungs[0]["accuracy"] and trial.accuracy
    ]
    choice = told["choice"] or {}
    return {
        "hypervolume": told["hypervolume"]["value"],
        "over_time": [round(hypervolume([g for after, g in found if after <= at]), 4) for at in times],
        "proposed": len(states),
        "states": {state: states.count(state) for state in sorted(set(states))},
        "inside_budget": len(found),
        "pick": next((t.title for t in study.trials if t.number == choice.get("pick")), None),
        "cheap_and_full": [[round(value, 4) for value in pair] for pair in ranks],
    }


def compare(given: argparse.Namespace) -> dict[str, Any]:
    home = Store().root
    workbench.describe_dataset(given.data)
    numbers = allowed()
    places: SimpleQueue[list[int]] = SimpleQueue()
    for place in range(given.at_once):
        places.put(numbers[place * given.cores : (place + 1) * given.cores] or numbers)

    def one(run: tuple[str, int]) -> dict[str, Any]:
        cores = places.get()
        try:
            found = search(*run, given, cores, home)
        finally:
            places.put(cores)
        print(json.dumps(found), file=sys.stderr, flush=True)
        return found

    turned = [
        given.kinds[seed % len(given.kinds) :] + given.kinds[: seed % len(given.kinds)]
        for seed in range(given.seeds)
    ]
    runs = [(kind, seed) for seed, kinds in enumerate(turned) for kind in kinds]
    with ThreadPoolExecutor(given.at_once) as pool:
        found = list(pool.map(one, runs))
    medians = {
        kind: median(each["hypervolume"] for each in found if each["kind"] == kind and "error" not in each)
        for kind in given.kinds
    }
    chance = medians.get("random")
    return {
        "model": given.model,
        "minutes": given.minutes,
        "cores": given.cores,
        "budget": given.budget,
        "load": os.getloadavg(),
        "median": medians,
        "ratio": {kind: round(value / chance, 3) for kind, value in medians.items()} if chance else None,
        "runs": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="street-signs-medium")
    parser.add_argument("--data", default="street-signs")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["nsga2", "random", "grid"])
    parser.add_argument("--budget", nargs="*", default=[])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the stores go (default: the system's)")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    text = json.dumps(compare(given), indent=1)
    if given.out:
        given.out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
