"""How far a damaged detector comes back on unlabelled images: YOLOX-Nano, mAP after each stage.

    python tests/benchmarks/label_free_recovery.py [--limit IMAGES] [--only WORD] [--store FOLDER]

Needs the real model and images in ../shared/data, beside the repository. Prints a Markdown table; nothing is kept
but in the store, so a second run is short.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from real_detectors import DATA, coco_setting

from compression.artifacts.store import Store
from compression.evaluation import evaluate
from compression.jobs.setting import Setting
from compression.pipeline import run
from compression.recipe import Recipe

MATCH = {"step": "match_statistics"}
SCALES = {"step": "distil_from_original", "steps": 100, "batch": 4}
ALL = {**SCALES, "trainable": "all", "learning_rate": 1e-4}
CHANNELS = {"step": "channel_pruning", "scope": "uniform", "round_to": 1, "reconstruct": "never"}
DAMAGE: dict[str, dict[str, Any]] = {
    "channels 2 %": {**CHANNELS, "ratio": 0.02},
    "channels 10 %": {**CHANNELS, "ratio": 0.1},
    "magnitude 30 %": {"step": "magnitude_pruning", "sparsity": 0.3, "scope": "layer"},
    "magnitude 50 %": {"step": "magnitude_pruning", "sparsity": 0.5, "scope": "layer"},
}
RECOVERY: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "statistics": [MATCH],
    "statistics + scales": [MATCH, SCALES],
    "statistics + all weights": [MATCH, ALL],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, help="evaluate on the first so many images")
    parser.add_argument("--only", default="", help="rows whose title contains this")
    parser.add_argument("--store", type=Path, help="where results are kept")
    options = parser.parse_args()
    if not DATA.is_dir():
        print("../shared/data is not there: no real model to measure", file=sys.stderr)
        return 1
    store = Store(options.store) if options.store else Store()
    setting = coco_setting("yolox_nano", store, options.limit)
    print("| damage | recovery | mAP | AP50 | boxes that agree | SQNR dB | recovery s |\n" + "|---" * 7 + "|")
    for title, steps in recipes():
        if options.only in title:
            print(row(title, Recipe.from_json({"steps": steps}), setting, store), flush=True)
    return 0


def recipes() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield "nothing | none", []
    for damage, step in DAMAGE.items():
        for recovery, steps in RECOVERY.items():
            yield f"{damage} | {recovery}", [step, *steps]


def row(title: str, recipe: Recipe, setting: Setting, store: Store) -> str:
    artifact = run(recipe, setting.model, setting.data, store)
    seconds = sum(stage.seconds for stage in artifact.stages[1:])
    result = evaluate(
        store.path(artifact.sha256),
        setting.model.spec,
        setting.evaluation,
        setting.labels,
        store,
        baseline=setting.model.path,
    )
    accuracy, fidelity = result.accuracy or {}, result.fidelity or {}
    figures = [f"{100 * accuracy[key]:.1f}" for key in ("mAP", "AP50")]
    figures += [f"{fidelity['agreement']:.1%}", f"{fidelity['sqnr_db']:.1f}", f"{seconds:.0f}"]
    return f"| {title} | " + " | ".join(figures) + " |"


if __name__ == "__main__":
    started = time.perf_counter()
    code = main()
    print(f"\n{time.perf_counter() - started:.0f} s in all", file=sys.stderr)
    sys.exit(code)
