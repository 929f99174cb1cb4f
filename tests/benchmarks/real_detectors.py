"""What benchmarks on the real detectors in ../shared/data share. Importing it makes the package importable."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
from edgeslim.artifacts.artifact import Artifact  # noqa: E402
from edgeslim.artifacts.store import Store  # noqa: E402
from edgeslim.evaluation import Evaluation, evaluate  # noqa: E402
from edgeslim.measurement.workload import Workload, open_workload  # noqa: E402
from edgeslim.pipeline import run  # noqa: E402
from edgeslim.recipe import Recipe  # noqa: E402

Steps = list[dict[str, Any]]
NOT_THERE = f"{DATA} is not there: no real model to measure"


def coco_setting(model: str, store: Store, limit: int | None = None) -> Workload:
    """A model of ../shared/data by its name: scored on coco_val (the first `limit` images), calibrated unlabelled."""
    return open_workload(
        str(DATA / "models" / f"{model}.onnx"),
        str(DATA / "images" / "coco_val" / "instances.json"),
        store,
        calibration=str(DATA / "images" / "coco_calibration" / "instances.json"),
        limit=limit,
    )


def accuracy_cells(found: Evaluation) -> str:
    """'mAP | paired difference [interval] | agreement', in points and percent."""
    assert found.accuracy is not None and found.fidelity is not None
    low, high = found.accuracy["paired_ci95"]
    return (
        f"{100 * found.accuracy['mAP']:.2f} | {100 * found.accuracy['paired_delta']:+.2f} "
        f"[{100 * low:+.2f}, {100 * high:+.2f}] | {100 * found.fidelity['agreement']:.1f}"
    )


def print_table(columns: str, rows: Callable[[str, Store], Iterable[str]], models: Sequence[str]) -> None:
    """A Markdown table of the rows of the models named on the command line, else of `models`; each at once."""
    if not DATA.is_dir():
        sys.exit(NOT_THERE)
    print(heading(columns))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for name in sys.argv[1:] or models:
            for row in rows(name, store):
                print(row, flush=True)


def print_recipes(
    about: str | None,
    columns: str,
    recipes: Iterable[tuple[str, Steps]],
    figures: Callable[[Artifact, Evaluation], Sequence[str]],
) -> None:
    """A Markdown table of recipes on YOLOX-Nano against the original: title and figures, each at once.

    Results stay in the store, so a second run is short. Options of the command line: --only, --limit, --store.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--only", default="", help="rows whose title contains this")
    parser.add_argument("--limit", type=int, help="evaluate on the first so many images")
    parser.add_argument("--store", type=Path, help="where results are kept")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(NOT_THERE)
    started = time.perf_counter()
    store = Store(options.store) if options.store else Store()
    workload = coco_setting("yolox_nano", store, options.limit)
    print(heading(columns))
    for title, steps in recipes:
        if options.only in title:
            artifact = run(Recipe.from_json({"steps": steps}), workload.model, workload.data, store)
            found = evaluate(
                store.path(artifact.sha256),
                workload.model.spec,
                workload.evaluation,
                workload.labels,
                store,
                baseline=workload.model.path,
            )
            print("| " + " | ".join([title, *figures(artifact, found)]) + " |", flush=True)
    print(f"\n{time.perf_counter() - started:.0f} s in all", file=sys.stderr)


def heading(columns: str) -> str:
    return f"| {columns} |\n{'|---' * (columns.count('|') + 1)}|"
