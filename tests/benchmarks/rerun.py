"""What a rerun of the Study page costs at 1,000 trials, over a real websocket. Prints JSON.

    python tests/benchmarks/rerun.py [--trials 1000] [--reruns 40] [--section table]

A made-up study of a finished search is written through the journal into an empty store, the app is started on
127.0.0.1, and a client speaks to it as a browser does, in Streamlit's own messages: it opens the page, then asks for
reruns without any change (again), after clicks on points of the chart (click), and after new limits (limit). Seconds
are from a request to the end of its run, with all that is sent for it: this client keeps no messages as a browser
does, so everything is sent each time. Where the machine does other work too, compare the processor's milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from app_server import Server, serving
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websocket_visitor import Look, visitor

from edgeslim.artifacts.store import Store
from edgeslim.jobs.status import JobStatus, write_status
from edgeslim.records import Latency, RecipeRecord, encoded
from edgeslim.studies.budget import Budget
from edgeslim.studies.groups import Groups
from edgeslim.studies.search_run import SearchRun
from edgeslim.studies.storage import PlannedTrial, StudyJournal, create
from edgeslim.studies.study import StudyPlan

NAME, IMAGES = "thousand", 304
LABELS = (
    "stop",
    "yield",
    "no_entry",
    "speed_30",
    "speed_50",
    "parking",
    "crossing",
    "priority",
    "red",
    "green",
)


@dataclass
class Run:
    seconds: float
    cpu: float
    """Seconds of the server's processor."""
    bytes: int


def write_study(store: Store, count: int, seed: int = 0) -> None:
    """A finished search of `count` trials, measured as real ones are."""
    dice = random.Random(seed)
    plan = StudyPlan(
        name=NAME,
        model="street-signs-medium",
        model_name="street-signs-medium",
        dataset="street-signs",
        dataset_name="street-signs",
        created="2026-01-01T00:00:00+00:00",
        budget=Budget.of(download=300_000, loss=0.02),
    )
    trials = [PlannedTrial(RecipeRecord(), "float32", "fp-0")]
    for number in range(1, count):
        steps = (
            {"step": "magnitude_pruning", "sparsity": round(dice.uniform(0.2, 0.95), 4)},
            {"step": "fine_tuning", "steps": dice.randint(50, 800), "learning_rate": 0.001, "batch": 16},
            {"step": "static_int8", "per_channel": True, "calibration": "percentile", "images": 64},
        )
        kept = steps[: dice.randint(1, 3)]
        title = " + ".join(str(step["step"]) for step in kept)
        trials.append(PlannedTrial(RecipeRecord(kept), title, f"fp-{number}", proposed=True))
    create(store, plan, trials, SearchRun(minutes=60.0, spent=3600.0, ended="time"))
    journal = StudyJournal(store, NAME)
    scores = {}
    for number in range(count):
        result, latency = _measured(dice, number)
        scores[number] = result["accuracy"]["mAP"]
        journal.start(number)
        journal.record(number, result)
        journal.complete(number, latency, (scores[number], result["sizes"]["download"]), {"download": 0.0})
    best = tuple(sorted(scores, key=lambda number: -scores[number])[:60])
    groups = Groups(
        metric="mAP",
        level=0.95,
        images=IMAGES,
        compared=best,
        errors=tuple((0.004,) * place for place in range(len(best))),
        critical=3.1,
        alike=tuple(best[start : start + 12] for start in range(0, len(best), 6)),
        best=best[:12],
    )
    facts = {
        "images": IMAGES,
        "primary_metric": "mAP",
        "environment": {"cpu": "x"},
        "groups": encoded(groups),
    }
    journal.note(concluded=count, **facts)
    pid = os.getpid()
    write_status(store, NAME, JobStatus(state="complete", pid=pid, started="", done=count, total=count))


def _measured(dice: random.Random, number: int) -> tuple[dict[str, Any], Latency]:
    """A result with all its figures, on a front with scatter, and its latency."""
    size = 1_200_000 if number == 0 else round(10 ** dice.uniform(4.5, 6.0))
    score = 0.667 if number == 0 else 0.67 * (1 - 0.5 * 10 ** (-size / 4e5)) - abs(dice.gauss(0, 0.03))
    change, ratio = score - 0.667, dice.uniform(0.5, 1.1)
    result: dict[str, Any] = {
        "sha256": f"{number:064x}",
        "sizes": {"file": size * 2, "download": size, "entropy_bound": round(size * 0.93)},
        "params": 319_000,
        "nonzero": dice.randint(20_000, 319_000),
        "macs": 412_000_000,
        "memory": {"peak_activation": 1_900_000},
        "accuracy": {
            "mAP": score,
            "AP50": min(1.0, score + 0.2),
            "AP75": score,
            "ci95": [score - 0.018, score + 0.018],
            "paired_delta": change,
            "paired_ci95": [change - 0.006, change + 0.006],
            "by_class": {label: score + dice.gauss(0, 0.02) for label in LABELS},
            "images": IMAGES,
        },
        "fidelity": {
            "agreement": min(1.0, 0.9 + change),
            "agreement_ci95": [0.85, 0.95],
            **dict.fromkeys(("kept", "moved", "relabelled", "lost", "gained"), 3),
        },
        "primary_metric": "mAP",
        "found_after": 3.6 * number,
        "seconds": 2.0,
        "environment": {"cpu": "x", "onnxruntime": "1.32.0", "torch": "2.13.0"},
    }
    return result, Latency(9.4 * ratio, 10.0 * ratio, ratio, (ratio - 0.02, ratio + 0.02), 30)


async def drive(server: Server, trials: int, reruns: int, section: str) -> dict[str, object]:
    """Milliseconds of the first run and of the reruns by kind, by the clock and by the processor."""
    process, dice = psutil.Process(server.pid), random.Random(1)
    runs: dict[str, list[Run]] = {kind: [] for kind in ("again", "click", "limit")}
    async with visitor(server.url) as one:
        first = last = await one.look("study", study=NAME, section=section)
        for _ in range(reruns):
            for kind, of_kind in runs.items():
                change = []
                if kind == "click":
                    points = [{"customdata": {"0": dice.randrange(trials)}}]
                    selection = {"selection": {"points": points, "point_indices": [], "box": [], "lasso": []}}
                    chart = _widget(last, "plotly_chart", "study_chart")
                    change = [WidgetState(id=chart, string_value=json.dumps(selection))]
                elif kind == "limit":
                    field = _widget(last, "number_input", "linked_max_download")
                    change = [WidgetState(id=field, double_value=float(dice.randrange(50, 900)))]
                before = _processor(process)
                last = await one.look("study", change, study=NAME, section=section)
                of_kind.append(Run(last.seconds, _processor(process) - before, last.bytes))
                assert not last.exceptions, last.exceptions
    return {
        "trials": trials,
        "first_ms": round(first.seconds * 1000),
        **{kind: _told(of_kind) for kind, of_kind in runs.items()},
        "all": _told([run for of_kind in runs.values() for run in of_kind]),
        "memory_mb": round(process.memory_info().rss / 1e6),
    }


def _widget(look: Look, kind: str, key: str) -> str:
    """The id of the widget that the page calls `key`."""
    ids = [getattr(element, kind).id for element in look.find(kind)]
    return next(identity for identity in ids if identity.endswith(key))


def _processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _told(runs: list[Run]) -> dict[str, float]:
    by_clock, by_processor = ([getattr(run, name) * 1000 for run in runs] for name in ("seconds", "cpu"))
    told = {
        f"{name}_{unit}": round(float(np.percentile(values, share)))
        for unit, values in (("ms", by_clock), ("cpu_ms", by_processor))
        for name, share in (("p50", 50), ("p95", 95))
    }
    return {**told, "kb": round(sum(run.bytes for run in runs) / len(runs) / 1000)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--reruns", type=int, default=40, help="of each kind")
    parser.add_argument("--section", default="table", help="the open one below the chart")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_study(Store(Path(folder) / "home"), given.trials)
        load = os.getloadavg()[0]
        with serving(Path(folder)) as server:
            found = asyncio.run(drive(server, given.trials, given.reruns, given.section))
    print(json.dumps({**found, "section": given.section, "load": round(load, 1)}, indent=1))


if __name__ == "__main__":
    main()
