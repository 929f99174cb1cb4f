"""The redundancy X-ray's predictions against measured layer sensitivity, and that against accuracy.

Run: python tests/benchmarks/layer_predictions.py [--labels] [street-signs-medium | yolox_nano …]

Prints seconds, and for every technique and strength the rank correlation (Spearman) over layers of predicted and measured
output error; with --labels also of measured output error and accuracy lost on 48 labelled images, which takes minutes.
YOLOX-Nano needs ../shared/data beside the repository; EDGESLIM_HOME may name a data folder with rendered scenes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
from edgeslim import workbench  # noqa: E402
from edgeslim.analysis.scoring import rank_correlation  # noqa: E402
from edgeslim.artifacts.store import Store, home  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
IMAGES = DATA / "images"
MODELS: dict[str, dict[str, Any]] = {
    "street-signs-medium": {"model": "street-signs-medium", "dataset": "street-signs"},
    "yolox_nano": {
        "model": DATA / "models" / "yolox_nano.onnx",
        "dataset": IMAGES / "coco_val" / "instances.json",
        "calibration": IMAGES / "coco_calibration" / "instances.json",
    },
}
LABELLED = 48


def tell(name: str, store: Store, labels: bool) -> None:
    """Tables of one model."""
    what = {**MODELS[name], "store": store}
    began = time.perf_counter()
    layers = len(workbench.xray(**what).layers)
    looked = time.perf_counter()
    scores = workbench.score_predictions(**what).layers
    measured = time.perf_counter()
    workbench.score_predictions(**what)
    again = time.perf_counter()
    print(f"\n{name}: {layers} layers, X-ray {looked - began:.1f} s, sensitivity {measured - looked:.0f} s, "
          f"all again from the store {again - measured:.2f} s\n")  # fmt: skip
    print(
        "| technique | strength | layers | rank correlation | measured / predicted |\n|---|---|---|---|---|"
    )
    for line in scores.techniques:
        print(
            f"| {line.technique} | {line.strength:g} | {line.layers} | {line.spearman:.2f} | "
            f"{line.ratio:.2f} ({line.ratio_range[0]:.2f} … {line.ratio_range[1]:.2f}) |"
        )
    best = scores.best
    print(
        f"\npredicted technique pays most: {best.agree} of {best.layers} layers; within the tolerance: "
        f"{best.within_tolerance} of {best.promised}; saves {best.loses:.1%} of the bits less than the best"
    )
    if labels:
        compare_with_accuracy(what)


def compare_with_accuracy(what: dict[str, Any]) -> None:
    """Whether what disturbs outputs also costs accuracy."""
    began = time.perf_counter()
    by_labels = workbench.layer_sensitivity(**what, labels=True, images=LABELLED)
    seconds = time.perf_counter() - began
    probes = {line.technique: (line.strength,) for line in by_labels.techniques}
    by_output = workbench.layer_sensitivity(**what, techniques=probes)
    print(f"\nwith labels, {LABELLED} images: {seconds:.0f} s\n")
    print(
        f"| technique | strength | rank correlation of output error and lost {by_labels.measure} | "
        "layers that surely lose |"
    )
    print("|---|---|---|---|")
    for outputs, accuracy in zip(by_output.techniques, by_labels.techniques, strict=True):
        names = list(accuracy.values)
        lost = [-accuracy.values[name].delta for name in names]
        spearman, _ = rank_correlation([outputs.values[name] for name in names], lost)
        surely = sum(value.ci95[1] < 0 for value in accuracy.values.values())
        rho = "–" if spearman is None else f"{spearman:.2f}"
        print(f"| {accuracy.technique} | {accuracy.strength:g} | {rho} | {surely} of {len(names)} |")


def main() -> None:
    names = [name for name in sys.argv[1:] if name != "--labels"] or list(MODELS)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        scenes = home() / "datasets"
        if scenes.is_dir():
            (store.root / "datasets").symlink_to(scenes)
        for name in names:
            tell(name, store, "--labels" in sys.argv)


if __name__ == "__main__":
    main()
