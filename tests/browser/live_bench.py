"""The pictures that move, on real weights, images and activations of the sample models."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
from onnx import numpy_helper

from edgeslim.artifacts.store import Store
from edgeslim.datasets.digits import open_digits
from edgeslim.lessons.live import (
    Activation,
    Array,
    Entropy,
    Example,
    Live,
    LowRank,
    Quantize,
    Softening,
    Threshold,
)
from edgeslim.metrics.redundancy import entropy
from edgeslim.models.catalogue import SAMPLES
from edgeslim.progress import silent
from edgeslim.steps.quantization.noise import run_all, with_outputs

BEFORE_RELU = ["/layers/layers.1/Gemm_output_0", "/layers/layers.3/Gemm_output_0"]


def weights(model: str) -> dict[str, np.ndarray]:
    graph = onnx.load(SAMPLES / f"{model}.onnx").graph
    return {
        one.name.removesuffix(".weight"): numpy_helper.to_array(one)
        for one in graph.initializer
        if len(one.dims) > 1
    }


@cache
def real() -> dict[str, Live]:
    """One picture of each kind."""
    signs, digits = weights("street-signs-small"), weights("digits-cnn")
    few = {
        name: signs[name]
        for name in ("stem.0", "stage4.0.0", "stage8.0.0", "stage8.1.expand.0", "head8.classify.0.0")
    }
    layers = tuple(Array.of(name, weight) for name, weight in few.items())
    held = open_digits(Store(), silent).split("validation")
    inputs = [held.image(k)[None, None, :, :, 0].astype(np.float32) / 255 for k in range(40)]
    mlp = onnx.load(SAMPLES / "digits-mlp.onnx")
    runs = list(run_all(with_outputs(mlp, [*BEFORE_RELU, "logits"]), inputs, 1))
    return {
        "pruning": Threshold.of(signs, tuple(few), [(0.0, 315_630), (0.5, 181_577), (0.9, 43_762)]),
        "quantization": Quantize(
            layers=layers, weights=sum(one.size for one in signs.values()), file=390_000
        ),
        "redundancy": Entropy(
            layers=layers,
            coder="bound + 1 %",  # stands for a coder that is measured elsewhere
            bits=tuple(range(1, 9)),
            coded=tuple(
                tuple(
                    float(np.ceil(1.01 * one.size * entropy(Array.of("", one).numbers, bits) / 8))
                    for bits in range(1, 9)
                )
                for one in few.values()
            ),
        ),
        "low_rank": LowRank(
            matrices=(
                Array.of("stage8.0.0", signs["stage8.0.0"].reshape(24, -1)),
                Array.of("features.2.0", digits["features.2.0"].reshape(48, -1)),
            ),
            pictures=(Array.of("digits", np.hstack([held.image(k)[:, :, 0] for k in range(6)])),),
        ),
        "distillation": Softening(
            labels=tuple("0123456789"),
            examples=tuple(
                Example(
                    picture=Array.of(str(held.target(k)), held.image(k)[:, :, 0] / 255),
                    logits=tuple(map(float, runs[k][2].ravel())),
                    label=int(held.target(k)),
                )
                for k in range(12)
            ),
        ),
        "networks": Activation(
            layers=tuple(
                Array.of(name, np.concatenate([run[k].ravel() for run in runs]))
                for k, name in enumerate(("layers.1", "layers.3"))
            )
        ),
    }
