"""Low-bit weights, mixed precision and palettes on real detectors.

Run: python tests/benchmarks/low_bit_yolox.py [model …]

Prints accuracy on coco_val with the paired interval, agreement with the original, sizes, the largest difference of
outputs to the unpacked network, and seconds. Needs ../shared/data beside the repository; calibrates without labels.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from real_detectors import accuracy_cells, coco_setting, print_table

from edgeslim.artifacts.store import Store
from edgeslim.evaluation import evaluate
from edgeslim.export.onnx import deployable, shipped, to_bytes
from edgeslim.export.packed import unpacked
from edgeslim.models.proof import run
from edgeslim.steps import OnnxStep, StepContext
from edgeslim.steps.clustering import WeightClustering
from edgeslim.steps.quantization import LowBitWeights, MixedLowBitWeights

MODELS = ("yolox_nano",)
RECIPES: dict[str, OnnxStep] = {
    "4 bits, nearest, nothing else": LowBitWeights(rounding="nearest", statistics=False),
    "4 bits, nearest, statistics": LowBitWeights(rounding="nearest"),
    **{f"{bits} bits": LowBitWeights(bits=bits) for bits in (8, 7, 6, 5, 4, 3, 2)},
    "5 bits, adaround": LowBitWeights(bits=5, rounding="adaround"),
    "4 bits, adaround": LowBitWeights(bits=4, rounding="adaround"),
    "4 bits, groups of 32": LowBitWeights(bits=4, granularity="group"),
    "4 bits, native": LowBitWeights(bits=4, storage="native"),
    "6 bits, fixed point": LowBitWeights(bits=6, scheme="fixed_point"),
    "ternary": LowBitWeights(scheme="ternary"),
    "binary": LowBitWeights(scheme="binary"),
    **{f"mixed download {bits}": MixedLowBitWeights(average_bits=bits) for bits in (4.15, 3.25, 2.75)},
    "mixed download 4.15, adaround": MixedLowBitWeights(average_bits=4.15, rounding="adaround"),
    "mixed download 3.25, packed": MixedLowBitWeights(average_bits=3.25, storage="packed"),
    **{f"mixed file {bits}": MixedLowBitWeights(average_bits=bits, measure="file") for bits in (5.0, 4.0)},
    **{f"palette {values}": WeightClustering(values=values) for values in (32, 16, 8)},
    "3 bits, trained": LowBitWeights(bits=3, rounding="trained", steps=150),
    "palette 8, trained": WeightClustering(values=8, rounding="trained", steps=150),
}


def rows(name: str, store: Store) -> Iterator[str]:
    """One line for each file of the model."""
    workload = coco_setting(name, store)
    model = workload.model
    graph = deployable(onnx.load(model.path))
    image = np.random.default_rng(0).random(model.spec.input_shape, np.float32) * np.float32(255)
    baseline = store.path(store.put(to_bytes(shipped(graph))))
    for title, step in {"float32": None, **RECIPES}.items():
        result, seconds, info = graph, 0.0, {}
        if step is not None:
            context = StepContext(spec=model.spec, original=model.path, calibration=workload.data.calibration)
            start = time.perf_counter()
            result, info = step.apply(graph, context), context.info
            seconds = time.perf_counter() - start
        content = to_bytes(shipped(result))
        found = evaluate(
            store.path(store.put(content)),
            model.spec,
            workload.data.evaluation,
            workload.labels,
            store,
            baseline=baseline,
        )
        packed, plain = (run(each, [image])[0] for each in (content, to_bytes(unpacked(result))))
        difference = max(float(np.abs(a - b).max()) for a, b in zip(packed, plain, strict=True))
        sizes = found.sizes
        yield (
            f"| {name} | {title} | {accuracy_cells(found)} | "
            f"{info.get('average_bits', 32)} | {_held(info)} | "
            f"{sizes.file} | {sizes.download} | {sizes.entropy_bound} | "
            f"{difference:g} | {seconds:.0f} |"
        )


def _held(info: Mapping[str, Any]) -> str:
    """What of the file, before names are shortened, is codes, floats and graph; codes against bits × weights / 8."""
    if "bytes" not in info:
        return "–"
    held, wanted = info["bytes"], info["average_bits"] * info["weights"] / 8
    return f"{held['codes']} + {held['floats']} + {held['graph']} ({held['codes'] / wanted:.3f})"


if __name__ == "__main__":
    columns = "model | recipe | mAP | paired difference | agreement % | bits"
    columns += " | codes + floats + graph B (codes against bits × weights / 8) | file B | download B"
    print_table(f"{columns} | entropy bound B | packed − unpacked | s", rows, MODELS)
