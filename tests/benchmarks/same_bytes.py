"""The SHA-256 and the figures (but latency) of the files of fixed recipes, to compare two versions of EdgeSlim.

    python tests/benchmarks/same_bytes.py --out before.json [--command "edgeslim"] [--yolox yolox_nano.onnx --coco DIR]
    python tests/benchmarks/same_bytes.py --compare before.json after.json

Every step is used at least once: on the digits classifiers, the medium street-sign detector and, where its file and
images are given, YOLOX-Nano. It goes through the shell's `compress`, so that it also measures versions with another
interface; results are only comparable on one machine. Exit code 1 where two results differ.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

Steps = list[dict[str, Any]]

INT8 = {"step": "static_int8", "images": 16}
FAST = {"step": "robust_int8", "latency": 0.6, "images": 16}
TUNE = {"step": "fine_tuning", "steps": 10}
MATCH = {"step": "match_statistics", "images": 16}
MIXED = {"step": "mixed_low_bit_weights", "average_bits": 3.5, "images": 16}
LOW_BIT = {"step": "low_bit_weights", "images": 16}
PALETTE = {"step": "weight_clustering", "images": 16}
CHANNELS = {"step": "channel_pruning", "target": "macs", "ratio": 0.2, "importance": "taylor", "images": 16}
AWARE = {"step": "quantization_aware_training", "steps": 4, "images": 16}
DISTIL = {"step": "distil_from_original", "steps": 6}

CLASSIFIER: list[Steps] = [
    [],
    [{"step": "float16"}],
    [INT8],
    [{"step": "magnitude_pruning", "sparsity": 0.6}, TUNE],
    [{"step": "n_of_m_pruning"}],
    [{**LOW_BIT, "bits": 1, "scheme": "binary"}],
    [{**LOW_BIT, "bits": 2, "scheme": "ternary", "granularity": "layer", "rounding": "nearest"}],
    [{**LOW_BIT, "rounding": "trained", "steps": 5, "label_weight": 1.0}],
    [PALETTE],
    [{"step": "low_rank", "method": "svd", "keep": 0.5}],
    [MIXED, FAST],
]
DYNAMIC: list[Steps] = [[{"step": "dynamic_int8"}], [{**LOW_BIT, "bits": 4}]]
DETECTOR: list[Steps] = [
    [],
    [{"step": "float16"}],
    [INT8],
    [{**INT8, "calibration": "entropy", "format": "s8s8", "keep_float": "none", "per_channel": False}],
    [{**INT8, "format": "u8s8", "reduce_range": "on", "equalize": True}],
    [FAST],
    [{**FAST, "processor": "x86"}],
    [AWARE],
    [{"step": "magnitude_pruning"}, TUNE, INT8],
    [{"step": "taylor_pruning", "images": 16}],
    [{"step": "n_of_m_pruning"}, MATCH],
    [{"step": "gradual_pruning", "steps": 6}],
    [CHANNELS],
    [{**CHANNELS, "reconstruct": "always"}, TUNE, INT8],
    [{**CHANNELS, "importance": "l2", "scope": "uniform", "reconstruct": "never"}, MATCH],
    [{**CHANNELS, "importance": "bn_scale", "scope": "sensitivity", "reconstruct": "never"}],
    [{"step": "low_rank", "keep": 0.7, "images": 16}],
    [{"step": "low_rank", "method": "spatial", "keep": 0.7, "images": 16}, MATCH, DISTIL],
    [{"step": "low_rank", "method": "cp", "keep": 0.7, "images": 16}],
    [PALETTE],
    [{**PALETTE, "rounding": "trained", "steps": 4}],
    [{**LOW_BIT, "bits": 4}],
    [{**LOW_BIT, "bits": 4, "rounding": "adaround", "steps": 5}],
    [{**LOW_BIT, "bits": 8, "scheme": "fixed_point", "storage": "bytes"}],
    [{**LOW_BIT, "bits": 4, "granularity": "group", "symmetric": False}],
    [{**LOW_BIT, "bits": 4, "storage": "native"}],
    [MIXED],
    [{**MIXED, "average_bits": 2.5}, FAST],
    [{"step": "magnitude_pruning", "order": "random"}, {"step": "distil_from_teacher", "steps": 4}],
]
YOLOX: list[Steps] = [
    [],
    [INT8],
    [FAST],
    [MIXED],
    [MIXED, FAST],
    [{**LOW_BIT, "bits": 4}],
    [{**CHANNELS, "ratio": 0.05, "reconstruct": "always"}, MATCH, DISTIL],
    [{"step": "low_rank", "keep": 0.8, "images": 16}],
    [AWARE],
]
NOT_COMPARED = ("latency", "seconds", "environment", "file", "number", "title", "runtimes")


def measure(
    command: list[str], model: str, data: list[str], recipes: list[Steps], store: Path
) -> dict[str, Any]:
    """Recipe → what its trial's JSON says, all but what depends on the clock."""
    file = store / "recipes.json"
    file.write_text(json.dumps([{"steps": steps} for steps in recipes]))
    # One for all: what is made once is used again. The default thread count, one, is what is reproducible.
    given = [
        "compress",
        "--model",
        model,
        *data,
        "--recipe",
        str(file),
        "--out",
        str(store / "out"),
        "--json",
    ]
    done = subprocess.run(
        [*command, *given, "--store", str(store)], stdout=subprocess.PIPE, text=True, check=True
    )
    return {
        f"{model}: {json.dumps(steps)}": {
            k: v for k, v in flat(trial).items() if not k.startswith(NOT_COMPARED)
        }
        for steps, trial in zip(recipes, json.loads(done.stdout), strict=True)
    }


def flat(value: Any, at: str = "") -> dict[str, Any]:
    """Nested JSON as one level of dotted keys; clocks inside stages left out."""
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return {at: value}
    items = ((f"{at}.{key}" if at else str(key), item) for key, item in value.items() if key != "seconds")
    return {name: each for key, item in items for name, each in flat(item, key).items()}


def compare(before: Path, after: Path) -> int:
    """Print what differs; the number of recipes that do."""
    old, new = (json.loads(path.read_text()) for path in (before, after))
    different = 0
    for name in sorted(set(old) | set(new)):
        one, two = old.get(name, {}), new.get(name, {})
        shared = [key for key in one if key in two and one[key] != two[key]]
        only = sorted(set(one) ^ set(two))
        if shared or not one or not two:
            different += 1
            print(name, *(f"  {key}: {one[key]} → {two[key]}" for key in shared[:6]), sep="\n")
        if only:
            print(name, f"  in one only: {only[:8]}", sep="\n")
    print(f"{len(old)} recipes before, {len(new)} after, {different} different")
    return different


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--command", default="edgeslim")
    parser.add_argument("--yolox", type=Path, help="yolox_nano.onnx")
    parser.add_argument("--coco", type=Path, help="folder with coco_val and coco_calibration")
    parser.add_argument("--compare", nargs=2, type=Path)
    given = parser.parse_args()
    if given.compare:
        sys.exit(min(1, compare(*given.compare)))
    command, found = shlex.split(given.command), {}
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        for model in ("digits-cnn", "digits-mlp", "digits-gru"):
            others = CLASSIFIER[:3] if model == "digits-mlp" else CLASSIFIER[:2]
            recipes = CLASSIFIER if model == "digits-cnn" else others + DYNAMIC
            found |= measure(command, model, ["--data", "digits"], recipes, store)
        street = ["--data", "street-signs", "--limit", "60"]
        found |= measure(command, "street-signs-medium", street, DETECTOR, store)
        if given.yolox and given.coco:
            subprocess.run(
                [*command, "import-model", given.yolox, "--name", "yolox", "--store", folder], check=True
            )
            images = [
                "--data",
                str(given.coco / "coco_val"),
                "--calibration",
                str(given.coco / "coco_calibration"),
            ]
            found |= measure(command, "yolox", images, YOLOX, store)
    given.out.write_text(json.dumps(found, indent=1, sort_keys=True))
    print(f"{len(found)} recipes in {given.out}")


if __name__ == "__main__":
    main()
