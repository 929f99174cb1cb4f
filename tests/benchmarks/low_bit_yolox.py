"""Low-bit weights, mixed precision and palettes on real detectors.

Run: python tests/benchmarks/low_bit_yolox.py [model …]

Prints accuracy on coco_val with the paired interval, agreement with the original, sizes, the largest difference of
outputs to the unpacked network, and seconds. Needs ../shared/data beside the repository; calibrates without labels.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from compression.artifacts.store import Store  # noqa: E402
from compression.datasets import open_dataset  # noqa: E402
from compression.evaluation import evaluate  # noqa: E402
from compression.export.onnx import deployable, shipped, to_bytes  # noqa: E402
from compression.export.packed import unpacked  # noqa: E402
from compression.jobs.setting import make_setting  # noqa: E402
from compression.models.importing import import_onnx  # noqa: E402
from compression.models.proof import run  # noqa: E402
from compression.steps import OnnxStep, StepContext  # noqa: E402
from compression.steps.clustering import WeightClustering  # noqa: E402
from compression.steps.quantization import LowBitWeights, MixedLowBitWeights  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
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
}


def rows(name: str, store: Store) -> Iterator[str]:
    """One line for each file of the model."""
    model = import_onnx(DATA / "models" / f"{name}.onnx", None, None, store)
    images = DATA / "images"
    setting = make_setting(
        model,
        open_dataset(images / "coco_val" / "instances.json", store),
        open_dataset(images / "coco_calibration" / "instances.json", store),
    )
    graph = deployable(onnx.load(model.path))
    image = np.random.default_rng(0).random(model.spec.input_shape, np.float32) * np.float32(255)
    baseline = store.path(store.put(to_bytes(shipped(graph))))
    for title, step in {"float32": None, **RECIPES}.items():
        result, seconds, info = graph, 0.0, {}
        if step is not None:
            context = StepContext(spec=model.spec, original=model.path, calibration=setting.data.calibration)
            start = time.perf_counter()
            result, info = step.apply(graph, context), context.info
            seconds = time.perf_counter() - start
        content = to_bytes(shipped(result))
        found = evaluate(
            store.path(store.put(content)),
            model.spec,
            setting.data.evaluation,
            setting.labels,
            store,
            baseline=baseline,
        )
        assert found.accuracy is not None and found.fidelity is not None
        packed, plain = (run(each, [image])[0] for each in (content, to_bytes(unpacked(result))))
        difference = max(float(np.abs(a - b).max()) for a, b in zip(packed, plain, strict=True))
        low, high = found.accuracy["paired_ci95"]
        sizes = found.sizes
        yield (
            f"| {name} | {title} | {100 * found.accuracy['mAP']:.2f} | {100 * found.accuracy['paired_delta']:+.2f} "
            f"[{100 * low:+.2f}, {100 * high:+.2f}] | {100 * found.fidelity['agreement']:.1f} | "
            f"{info.get('average_bits', 32)} | {sizes['file']} | {sizes['download']} | {sizes['entropy_bound']} | "
            f"{difference:g} | {seconds:.0f} |"
        )


def main() -> None:
    print(
        "| model | recipe | mAP | paired difference | agreement % | bits | file B | download B | entropy bound B | "
        "packed − unpacked | s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for name in sys.argv[1:] or MODELS:
            for row in rows(name, store):
                print(row, flush=True)


if __name__ == "__main__":
    main()
