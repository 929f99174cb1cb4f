"""How far channels can be pruned from a compact real detector without labels: YOLOX-Nano, mAP on 57 COCO images.

    PYTHONPATH=. python tests/benchmarks/channel_pruning_yolox.py [--only WORD] [--limit IMAGES] [--store FOLDER]

80 unlabelled calibration images, none of the evaluation's. Needs the real model and images in ../shared/data, beside
the repository. Prints a Markdown table; nothing is kept but in the store, so a second run is short.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compression.artifacts.store import Store
from compression.evaluation import evaluate
from compression.jobs.setting import Setting, open_setting
from compression.pipeline import run
from compression.recipe import Recipe

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
RATIOS = (0.02, 0.05, 0.1, 0.2, 0.3)
MATCH = {"step": "match_statistics"}
DISTIL = {"step": "distil_from_original", "steps": 100, "batch": 4}
Steps = list[dict[str, Any]]


def channels(target: str, ratio: float, **parameters: Any) -> dict[str, Any]:
    return {"step": "channel_pruning", "target": target, "ratio": ratio, "round_to": 1, **parameters}


def ways(target: str, ratio: float) -> Iterator[tuple[str, Steps]]:
    """From what any tool does to all that we have."""
    plain = channels(target, ratio, scope="uniform", reconstruct="never")
    taylor = channels(target, ratio, importance="taylor", reconstruct="never")
    rebuilt = channels(target, ratio, importance="taylor", reconstruct="always")
    measured = channels(target, ratio, importance="taylor", reconstruct="always", scope="sensitivity")
    yield "chance", [{**plain, "importance": "random"}]
    yield "L2, every layer alike", [plain]
    yield "L2 + statistics", [plain, MATCH]
    yield "Taylor", [taylor]
    yield "Taylor + statistics", [taylor, MATCH]
    yield "Taylor + reconstruction", [rebuilt]
    yield "sensitivity + reconstruction", [measured]
    yield "sensitivity + reconstruction + distilled", [measured, DISTIL]


def recipes() -> Iterator[tuple[str, Steps]]:
    """Those that train last: they take longest."""
    yield "nothing | 0 % | original", []
    for training in (False, True):
        for target in ("macs", "channels"):
            for ratio in RATIOS:
                for way, steps in ways(target, ratio):
                    if (DISTIL in steps) == training:
                        yield f"{target} | {ratio:.0%} | {way}", steps


def row(title: str, recipe: Recipe, setting: Setting, store: Store) -> str:
    artifact = run(recipe, setting.model, setting.data, store)
    result = evaluate(
        store.path(artifact.sha256),
        setting.model.spec,
        setting.evaluation,
        setting.labels,
        store,
        baseline=setting.model.path,
    )
    accuracy, fidelity = result.accuracy or {}, result.fidelity or {}
    low, high = accuracy.get("paired_ci95", (0.0, 0.0))
    figures = [f"{100 * accuracy['mAP']:.1f}", f"{100 * low:.1f} … {100 * high:.1f}"]
    figures += [f"{fidelity['agreement']:.0%}", f"{result.macs / 1e6:.0f}", f"{result.params / 1e3:.0f}"]
    figures += [f"{result.sizes['download'] / 1000:.0f}", f"{sum(s.seconds for s in artifact.stages):.0f}"]
    return f"| {title} | " + " | ".join(figures) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rows whose title contains this")
    parser.add_argument("--limit", type=int, help="evaluate on the first so many images")
    parser.add_argument("--store", type=Path, help="where results are kept")
    options = parser.parse_args()
    if not DATA.is_dir():
        print("../shared/data is not there: no real model to measure", file=sys.stderr)
        return 1
    store = Store(options.store) if options.store else Store()
    setting = open_setting(
        str(DATA / "models" / "yolox_nano.onnx"),
        str(DATA / "images" / "coco_val" / "instances.json"),
        store,
        calibration=str(DATA / "images" / "coco_calibration" / "instances.json"),
        limit=options.limit,
    )
    heads = (
        "pruned | by | way | mAP | change, 95 % | boxes that agree | MMACs | k parameters | download kB | s"
    )
    print(f"| {heads} |\n" + "|---" * 10 + "|")
    for title, steps in recipes():
        if options.only in title:
            print(row(title, Recipe.from_json({"steps": steps}), setting, store), flush=True)
    return 0


if __name__ == "__main__":
    started = time.perf_counter()
    code = main()
    print(f"\n{time.perf_counter() - started:.0f} s in all", file=sys.stderr)
    sys.exit(code)
