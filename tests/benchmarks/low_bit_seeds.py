"""How much the accuracy of mixed low bits depends on the seed, by which inputs of layers are sampled.

Run: python tests/benchmarks/low_bit_seeds.py [MODEL …] [--seeds N]

Prints a Markdown table: for the images that may be tuned on and for the others (see choose_claim.py), the change of mAP,
boxes that agree and the distillation loss; download and its entropy bound; seconds of processor. Needs ../shared/data
beside the repository; calibrates without labels.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import onnx
from choose_claim import divided
from real_detectors import DATA, NOT_THERE, heading

from edgeslim.artifacts.store import Store
from edgeslim.datasets.base import Split
from edgeslim.evaluation import evaluate
from edgeslim.export.onnx import deployable, shipped, to_bytes
from edgeslim.export.packed import unpacked
from edgeslim.models.base import ModelSpec
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import StepContext
from edgeslim.steps.distillation.config import DistillationConfig
from edgeslim.steps.distillation.objective import Side, objective_for
from edgeslim.steps.quantization import MixedLowBitWeights
from edgeslim.steps.torch_network.running import Images, original_network

BITS = {"yolox_nano": 3.48, "nanodet_m_320": 3.25, "picodet_s_320_coco": 3.25}
"""Chosen by the download alone: 440 KB, or an eighth of the original's."""


def rows(name: str, seeds: int, store: Store) -> Iterator[str]:
    """One line for each seed."""
    given = divided(name, store)
    model, labels = given.workload.model, given.workload.labels
    graph = deployable(onnx.load(model.path))
    baseline = store.path(store.put(to_bytes(shipped(graph))))
    for seed in range(seeds):
        context = StepContext(
            spec=model.spec,
            original=model.path,
            calibration=given.workload.data.calibration,
            seed=seed,
        )
        start = time.process_time()
        coded = MixedLowBitWeights(average_bits=BITS[name]).apply(graph, context)
        seconds = time.process_time() - start
        path = store.path(store.put(to_bytes(shipped(coded))))
        cells = []
        for split in (given.choosing, given.claiming):
            found = evaluate(path, model.spec, split, labels, store, baseline=baseline)
            assert found.accuracy is not None and found.fidelity is not None
            change = f"{100 * found.accuracy['paired_delta']:+.2f}".replace("-", "−")
            agreement = f"{100 * found.fidelity['agreement']:.1f} %"
            cells += [change, agreement, f"{distance(coded, model.path, split, model.spec):.3f}"]
        sizes = found.sizes
        yield (
            f"| {name} | {seed} | {' | '.join(cells)} | {sizes.download / 1000:.0f} KB | "
            f"{(sizes.entropy_bound or 0) / 1000:.0f} KB | {seconds:.0f} |"
        )


def distance(coded: onnx.ModelProto, original: Path, split: Split, spec: ModelSpec) -> float:
    """The distillation loss on these images."""
    images = Images([split], spec)
    student, teacher = to_torch(unpacked(coded)), original_network(original)
    places = list(range(len(images)))
    sides = (Side(network, images, spec) for network in (student, teacher))
    _, objective = objective_for(*sides, places, places[:22], DistillationConfig(), "benchmark", related=True)
    return objective.evaluate(places, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="*", default=tuple(BITS), metavar="MODEL")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(NOT_THERE)
    parts = "change | agree | loss"
    print(heading(f"model | seed | tuned: {parts} | claimed: {parts} | download | bound | s"))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for name in given.models:
            for row in rows(name, given.seeds, store):
                print(row, flush=True)


if __name__ == "__main__":
    main()
