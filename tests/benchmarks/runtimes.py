"""Real detectors in every installed runtime: accuracy, size, latency.

Run: python tests/benchmarks/runtimes.py [model …]

Prints accuracy against the original in onnxruntime with the paired interval, sizes, and latency on one thread as a ratio
to the original's, interleaved. Time is the processor's, so that other work on the machine does not count. Needs
../shared/data beside the repository, except for street-signs-…
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from unittest import mock

from real_detectors import coco_setting, print_table

from edgeslim.artifacts.store import Store
from edgeslim.measurement.delivery import figures_in
from edgeslim.measurement.measure import Measurement, compress_and_score
from edgeslim.measurement.workload import Workload, open_workload
from edgeslim.progress import silent
from edgeslim.recipe import Recipe
from edgeslim.runtime import FILE_FORMATS, MAIN, RUNTIMES, benchmark
from edgeslim.runtime.environment import environment
from edgeslim.sessions import Session

MODELS = ("street-signs-medium", "yolox_nano", "nanodet_m_320", "picodet_s_320_coco")
RECIPES = {"float32": (), "float16": ({"step": "float16"},), "int8": ({"step": "robust_int8"},)}


def rows(name: str, store: Store) -> Iterator[str]:
    """One line for each file in each runtime."""
    street = name.startswith("street-signs")
    workload = open_workload(name, "street-signs", store) if street else coco_setting(name, store)
    cells: dict[tuple[str, str], str] = {}
    sessions: dict[tuple[str, str], Session] = {}
    for title, steps in RECIPES.items():
        made = compress_and_score(Recipe.from_json({"steps": list(steps)}), workload, store)
        assert made.accuracy is not None
        file = store.path(made.sha256)
        cells[title, MAIN] = _cells(made.accuracy, made.sizes.file, made.sizes.download)
        sessions[title, MAIN] = RUNTIMES.get(MAIN).open(file)
        for runtime in _others():
            cells[title, runtime], session = _elsewhere(runtime, made, workload, store)
            sessions |= {} if session is None else {(title, runtime): session}
    clock = SimpleNamespace(perf_counter=time.process_time, monotonic=time.monotonic)
    with mock.patch.object(benchmark, "time", clock):
        timed = benchmark.compare_latency(sessions, ("float32", MAIN))
    for key, told in cells.items():
        latency = timed.get(key)
        ratio = (
            ""
            if latency is None
            else f"{latency.ratio:.2f} [{latency.ratio_ci95[0]:.2f}, {latency.ratio_ci95[1]:.2f}]"
        )
        yield f"| {name} | {' | '.join(key)} | {told} | {ratio} |"


def _others() -> list[str]:
    return [each.name for each in RUNTIMES if each.name != MAIN and each.version()]


def _elsewhere(
    runtime: str, made: Measurement, workload: Workload, store: Store
) -> tuple[str, Session | None]:
    """The cells of a file in another runtime, and it opened there."""
    baseline = compress_and_score(Recipe(), workload, store).sha256
    found = figures_in(runtime, made.sha256, baseline, workload, workload.evaluation, store, 1, silent)
    if found.error is not None or found.accuracy is None or found.sha256 is None:
        return f"{found.error} | | |", None
    opened = RUNTIMES.get(runtime)
    path = store.path(found.sha256, FILE_FORMATS.get(opened.format).suffix)
    return _cells(found.accuracy, found.bytes or 0, found.download or 0), opened.open(path)


def _cells(accuracy: dict, file: int, download: int) -> str:
    low, high = accuracy["paired_ci95"] or (0.0, 0.0)
    return (
        f"{100 * accuracy['mAP']:.2f} | {100 * accuracy['paired_delta']:+.2f} "
        f"[{100 * low:+.2f}, {100 * high:+.2f}] | {file} | {download}"
    )


if __name__ == "__main__":
    print(environment())
    print_table("model | file | runtime | mAP | change | bytes | download | latency", rows, MODELS)
