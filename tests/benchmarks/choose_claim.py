"""What int8 and low bits cost where they were chosen, and where nothing was chosen.

Run: python tests/benchmarks/choose_claim.py [--models NAME …] [--recipes NAME …] [--store DIR]

Prints a Markdown table: for every model and recipe the change against the original on the images that defaults and
budgets may be tuned on, and on the others; download; share of the arithmetic in int8; latency as a ratio to the
original's, all files of a model interleaved. The division is declared here and explained in docs/results.md. Needs
../shared/data beside the repository; calibrates without labels.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from real_detectors import DATA, NOT_THERE, Steps, heading

from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.datasets.street_signs.dataset import Plan, Scenes
from edgeslim.evaluation import Evaluation, evaluate
from edgeslim.measurement.workload import Workload, open_workload
from edgeslim.pipeline import run
from edgeslim.progress import silent
from edgeslim.recipe import Recipe
from edgeslim.runtime import ONNXRUNTIME
from edgeslim.runtime.benchmark import compare_latency
from edgeslim.runtime.environment import environment

CLAIM_SHARE = 0.5
"""Of coco_val; by image id and seed 0, so that an image stays where it is."""
TUNED_ON = ("yolox_nano", "street-signs-large")
"""Weights that defaults were and are tuned on."""
CLAIMED_ON = ("nanodet_m_320", "picodet_s_320_coco", "street-signs-medium")
"""Weights of the same and of other architectures that nothing is tuned on."""
NEW_SCENES = Plan(20270, range(200))
"""A series of street scenes that nothing was ever trained, tuned or scored on."""


def _mixed(bits: float, **more: object) -> Steps:
    return [{"step": "mixed_low_bit_weights", "average_bits": bits, **more}]


RECIPES: dict[str, Steps] = {
    "int8, robust, VNNI": [{"step": "robust_int8", "processor": "x86_vnni"}],
    "int8, robust, AVX2": [{"step": "robust_int8", "processor": "x86"}],
    **{f"mixed {bits:g} bits": _mixed(bits) for bits in (4.0, 3.5, 3.25)},
    "mixed 3.5 bits, in int8": [*_mixed(3.5), {"step": "robust_int8", "processor": "x86_vnni"}],
}


@dataclass(frozen=True, slots=True)
class Divided:
    """A model with the images that may be tuned on, and those that may not."""

    workload: Workload
    choosing: Split
    claiming: Split


def divided(model: str, store: Store) -> Divided:
    """The declared division of a model's images."""
    if model.startswith("street-signs"):
        workload = open_workload(model, "street-signs", store)
        return Divided(workload, workload.evaluation, Scenes(store, "claim", NEW_SCENES, silent))
    images = DATA / "images"
    workload = open_workload(
        str(DATA / "models" / f"{model}.onnx"),
        str(images / "coco_val" / "instances.json"),
        store,
        calibration=str(images / "coco_calibration" / "instances.json"),
        held_out=CLAIM_SHARE,
    )
    assert workload.held_out is not None
    return Divided(workload, workload.evaluation, workload.held_out)


def rows(model: str, recipes: Sequence[str], rounds: int, store: Store) -> Iterator[str]:
    """The original's line, then one for each recipe."""
    given = divided(model, store)
    workload = given.workload
    made = {"float32": [], **{name: RECIPES[name] for name in recipes}}
    files = {
        name: store.path(run(Recipe.from_json({"steps": steps}), workload.model, workload.data, store).sha256)
        for name, steps in made.items()
    }
    sessions = {name: ONNXRUNTIME.open(path) for name, path in files.items()}
    timed = compare_latency(sessions, "float32", rounds)
    for name, path in files.items():
        found = [
            evaluate(path, workload.model.spec, split, workload.labels, store, baseline=files["float32"])
            for split in (given.choosing, given.claiming)
        ]
        latency = timed[name]
        yield (
            f"| {model} | {name} | {_change(found[0])} | {_change(found[1])} | {_agreement(found[1])} | "
            f"{found[0].sizes.download / 1000:.0f} KB | {_int8(found[0])} | {latency.ratio:.2f} "
            f"[{latency.ratio_ci95[0]:.2f}, {latency.ratio_ci95[1]:.2f}] |"
        )


def _change(found: Evaluation) -> str:
    """'29.4 (−0.3 [−1.0, +0.5])', the original's change being none."""
    assert found.accuracy is not None
    low, high = found.accuracy["paired_ci95"]
    change = f"{100 * found.accuracy['paired_delta']:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
    return f"{100 * found.accuracy['mAP']:.1f} ({change})".replace("-", "−")


def _agreement(found: Evaluation) -> str:
    assert found.fidelity is not None
    return f"{100 * found.fidelity['agreement']:.1f} %"


def _int8(found: Evaluation) -> str:
    return f"{100 * found.int8_macs / found.macs:.0f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--models", nargs="+", default=(*TUNED_ON, *CLAIMED_ON), metavar="NAME")
    parser.add_argument("--recipes", nargs="+", default=tuple(RECIPES), choices=RECIPES, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=60, help="rounds of timing")
    parser.add_argument("--store", type=Path, help="where files are kept: a second run is short")
    given = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(NOT_THERE)
    print(environment())
    columns = "model | recipe | tuned on: mAP (change) | claimed on: mAP (change) | boxes that agree there"
    print(heading(f"{columns} | download | MACs in int8 | latency"))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(given.store or Path(folder))
        for model in given.models:
            for row in rows(model, given.recipes, given.rounds, store):
                print(row, flush=True)
    print(f"load of the machine: {os.getloadavg()}")


if __name__ == "__main__":
    main()
