"""What a teacher, or the original, teaches without labels, beside fine-tuning with labels for as many steps.

    python tests/benchmarks/distillation.py [--only teacher|recovery|digits] [--steps N] [--store FOLDER]

Street signs: the small detector taught by the large one, and the medium one recovering from pruning. Digits: losses of
classifiers. Sample models and generated images only. Prints Markdown tables; nothing is kept but in the store, so a
second run is short.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from edgeslim.artifacts.store import Store
from edgeslim.evaluation import evaluate
from edgeslim.measurement.workload import Workload, open_workload
from edgeslim.pipeline import run
from edgeslim.recipe import Recipe

Steps = list[dict[str, Any]]
SEEDS = (0, 1, 2)
MAGNITUDE = {"step": "magnitude_pruning", "sparsity": 0.6}
CHANNELS = {"step": "channel_pruning", "ratio": 0.4}
HARD = {"step": "magnitude_pruning", "sparsity": 0.9}
LOSSES: dict[str, dict[str, Any]] = {
    "soft targets": {"loss": "soft_targets"},
    "logits": {"loss": "logits"},
    "decoupled, β 1": {"loss": "decoupled", "beta": 1.0},
    "decoupled, β 8": {"loss": "decoupled", "beta": 8.0},
}


def teacher_rows(steps: int) -> dict[str, Steps]:
    budget = {"steps": steps, "batch": 16}
    taught = {"step": "distil_from_teacher", "trainable": "all", "learning_rate": 5e-4, **budget}
    images = {**taught, "train_images": True}
    return {
        "nothing": [],
        "fine-tuning with labels": [{"step": "fine_tuning", "learning_rate": 5e-4, **budget}],
        "teacher's objects": [images],
        "teacher's objects, 102 images": [taught],
        "teacher's objects + foreground": [{**images, "features": "foreground"}],
        "teacher's objects + labels": [{**images, "label_weight": 1.0}],
        "teacher's outputs, place by place": [{**images, "match": "places"}],
    }


def recovery_rows(steps: int) -> dict[str, Steps]:
    rows: dict[str, Steps] = {"nothing | none": []}
    own = {"step": "distil_from_original", "trainable": "all", "learning_rate": 2e-3, "steps": steps}
    for title, damage in (("magnitude 60 %", MAGNITUDE), ("channels 40 %", CHANNELS)):
        rows |= {
            f"{title} | none": [damage],
            f"{title} | fine-tuning with labels": [
                damage,
                {"step": "fine_tuning", "steps": steps, "batch": 8},
            ],
            f"{title} | original": [damage, own],
            f"{title} | original, box numbers": [damage, {**own, "boxes": "numbers"}],
            f"{title} | original, background 0.3": [damage, {**own, "background": 0.3}],
            f"{title} | original + hints": [damage, {**own, "features": "hints"}],
            f"{title} | original + foreground": [damage, {**own, "features": "foreground"}],
            f"{title} | original, train images": [damage, {**own, "train_images": True}],
        }
    return rows


def digit_rows(steps: int) -> dict[str, tuple[str, Steps]]:
    rows: dict[str, tuple[str, Steps]] = {
        "digits-cnn, magnitude 90 % | none": ("digits-cnn", [HARD]),
        "digits-cnn, magnitude 90 % | fine-tuning": (
            "digits-cnn",
            [HARD, {"step": "fine_tuning", "steps": steps, "batch": 8}],
        ),
    }
    learning = {"trainable": "all", "steps": steps, "learning_rate": 2e-3}
    for title, loss in LOSSES.items():
        own = {"step": "distil_from_original", **learning, **loss}
        rows[f"digits-cnn, magnitude 90 % | {title}"] = ("digits-cnn", [HARD, own])
    rows["digits-mlp | none"] = ("digits-mlp", [])
    for title, loss in LOSSES.items():
        taught = {"step": "distil_from_teacher", "teacher": "digits-cnn", **learning, **loss}
        rows[f"digits-mlp taught by digits-cnn | {title}"] = ("digits-mlp", [taught])
        more = {**taught, "train_images": True}
        rows[f"digits-mlp taught by digits-cnn | {title}, train images"] = ("digits-mlp", [more])
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("teacher", "recovery", "digits"))
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--store", type=Path, help="where results are kept")
    options = parser.parse_args()
    store = Store(options.store) if options.store else Store()
    if options.only in (None, "teacher"):
        print("street-signs-small taught by street-signs-large, mAP on 400 scenes\n")
        detector_table(
            open_workload("street-signs-small", "street-signs", store), teacher_rows(options.steps), store
        )
    if options.only in (None, "recovery"):
        print("\nstreet-signs-medium, mAP on 400 scenes\n")
        detector_table(
            open_workload("street-signs-medium", "street-signs", store), recovery_rows(options.steps), store
        )
    if options.only in (None, "digits"):
        print(f"\ntop-1 on 450 digits, mean and range over {len(SEEDS)} seeds\n")
        digit_table(digit_rows(options.steps), store)
    return 0


def detector_table(workload: Workload, rows: dict[str, Steps], store: Store) -> None:
    width = next(reversed(rows)).count("|") + 1
    titles = ["damage", "learns from"][-width:]
    print("| " + " | ".join([*titles, "mAP", "AP50", "AP75", "steps", "s"]) + " |")
    print("|---" * (width + 5) + "|", flush=True)
    for title, steps in rows.items():
        accuracy, stages = measured(workload, Recipe.from_json({"steps": steps}), store)
        told = stages[-1].info.get("steps", 0) if stages else 0
        seconds = sum(stage.seconds for stage in stages[-1:])
        figures = [f"{100 * accuracy[key]:.2f}" for key in ("mAP", "AP50", "AP75")]
        print("| " + " | ".join([title, *figures, str(told), f"{seconds:.0f}"]) + " |", flush=True)


def digit_table(rows: dict[str, tuple[str, Steps]], store: Store) -> None:
    print("| model | learns by | top-1 | range |\n|---|---|---|---|", flush=True)
    for title, (model, steps) in rows.items():
        workload = open_workload(model, "digits", store)
        found = [
            100 * measured(workload, Recipe.from_json({"steps": steps, "seed": seed}), store)[0]["top1"]
            for seed in SEEDS
        ]
        print(f"| {title} | {statistics.mean(found):.2f} | {min(found):.2f}–{max(found):.2f} |", flush=True)


def measured(workload: Workload, recipe: Recipe, store: Store) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Accuracy of the recipe's file, and its stages."""
    artifact = run(recipe, workload.model, workload.data, store)
    path = store.path(artifact.sha256)
    scored = evaluate(path, workload.model.spec, workload.evaluation, workload.labels, store)
    return dict(scored.accuracy or {}), artifact.stages


if __name__ == "__main__":
    started = time.perf_counter()
    code = main()
    print(f"\n{time.perf_counter() - started:.0f} s in all", file=sys.stderr)
    sys.exit(code)
