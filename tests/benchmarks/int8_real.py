"""Static int8 on real detectors: default, best plain workload, robust, trained.

Run: python tests/benchmarks/int8_real.py [model …]

Prints accuracy on coco_val with the paired interval, agreement, sizes, and latency as a ratio to the float file in
interleaved rounds on this machine. Needs ../shared/data beside the repository; calibrates without labels.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import onnx
from real_detectors import accuracy_cells, coco_setting, print_table

from edgeslim.artifacts.store import Store
from edgeslim.evaluation import evaluate
from edgeslim.export.onnx import deployable, to_bytes
from edgeslim.export.rewriting import rewritten
from edgeslim.ort import open_session
from edgeslim.runtime.benchmark import compare_latency
from edgeslim.runtime.environment import environment
from edgeslim.steps import OnnxStep, StepContext
from edgeslim.steps.quantization.quantization_aware import QuantizationAwareTraining
from edgeslim.steps.quantization.robust_int8 import RobustInt8
from edgeslim.steps.quantization.static_int8 import StaticInt8

MODELS = ("yolox_nano", "nanodet_m_320")
NAIVE = {
    "format": "s8s8",
    "per_channel": False,
    "calibration": "minmax",
    "keep_float": "none",
    "reduce_range": "off",
}
STEPS: dict[str, OnnxStep] = {
    "onnxruntime default": StaticInt8(**NAIVE),
    "plain, outputs float": StaticInt8(),
    "plain, first 9 float": StaticInt8(keep_float="first_and_outputs", first_layers=9),
    "robust": RobustInt8(),
    "robust, for x86 without VNNI": RobustInt8(processor="x86"),
    "the same, trained": QuantizationAwareTraining(processor="x86", steps=100),
}


def rows(name: str, store: Store) -> Iterator[str]:
    """One line for each file of the model."""
    workload = coco_setting(name, store)
    model = workload.model
    graph = deployable(onnx.load(model.path))
    made = {"float32": graph, "float32, rewritten": rewritten(graph)[0]}
    seconds = dict.fromkeys(made, 0.0)
    notes = dict.fromkeys(made, "")
    for title, step in STEPS.items():
        context = StepContext(spec=model.spec, original=model.path, calibration=workload.data.calibration)
        start = time.perf_counter()
        made[title] = step.apply(graph, context)
        seconds[title] = time.perf_counter() - start
        told = ("processor", "format", "float_layers", "int8_macs", "predicted_latency", "sqnr_db")
        notes[title] = " ".join(f"{key}={context.info[key]}" for key in told if key in context.info)
    files = {title: store.path(store.put(to_bytes(item))) for title, item in made.items()}
    sessions = {title: open_session(file) for title, file in files.items()}
    latency = compare_latency(sessions, "float32", rounds=30)
    for title, file in files.items():
        found = evaluate(
            file, model.spec, workload.data.evaluation, workload.labels, store, baseline=files["float32"]
        )
        timed = latency[title]
        yield (
            f"| {name} | {title} | {accuracy_cells(found)} | "
            f"{found.sizes.file} | {found.sizes.download} | {timed.ratio:.2f} "
            f"[{timed.ratio_ci95[0]:.2f}, {timed.ratio_ci95[1]:.2f}]{' noisy' if timed.noisy else ''} | "
            f"{seconds[title]:.0f} | {notes[title]} |"
        )


if __name__ == "__main__":
    print(environment())
    columns = (
        "model | recipe | mAP | paired difference | agreement % | file B | download B | latency | s | notes"
    )
    print_table(columns, rows, MODELS)
