"""Outputs of a network when a single layer is changed by a technique, for every layer and technique.

`layer_sensitivity` measures the error at the network's last layers, without labels; `disturbed_outputs` yields the
changed outputs themselves, to be scored with labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.analysis.activations import observe
from edgeslim.analysis.suffixes import Suffix, reached_from, suffixes
from edgeslim.analysis.techniques import (
    TECHNIQUES,
    Range,
    Strengths,
    Technique,
    fake_quantized,
    parsed,
)
from edgeslim.detections import FloatArray
from edgeslim.progress import Progress, silent
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.layers import WeightLayer, ends, weight_layers
from edgeslim.steps.onnx_layers.segments import Batch
from edgeslim.steps.onnx_layers.sensitivity import channel_errors, channel_variances, head_outputs
from edgeslim.steps.quantization.noise import run_all, with_outputs

Errors = dict[tuple[str, float], dict[str, float]]
"""(technique, strength) → layer → error; layers to which the technique is not applied are missing."""
HELD = 1 << 30
"""Approximate limit of bytes of intermediate tensors of a block of images …"""
GROWTH = 20
"""… assuming that they take this many times the bytes of the input."""
BLOCK = 16


@dataclass(frozen=True, slots=True)
class Disturbed:
    """Outputs of a block of images, from image `start` on, with one layer changed, and the `original` outputs.

    Both hold the watched tensors that depend on the layer.
    """

    layer: WeightLayer
    technique: str
    strength: float
    start: int
    outputs: Mapping[str, Batch]
    original: Mapping[str, Batch]


def layer_sensitivity(
    model: onnx.ModelProto,
    images: Sequence[FloatArray],
    techniques: Strengths | None = None,
    *,
    layers: Sequence[WeightLayer] | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> Errors:
    """Relative squared error of the last weight layers' outputs when a single layer is changed, without labels.

    `model` is a float32 graph with BatchNorm folded, `images` are its inputs (1, …). The error of each output channel is
    relative to its variance over positions and images, and averaged over channels, then over all last layers, including
    those that do not depend on the layer. 0: no change; 1: as wrong as the channel's mean.
    """
    layers = weight_layers(model) if layers is None else layers
    watched = head_outputs(model, layers)
    scales = _scales(model, images, watched, threads)
    sums: dict[tuple[str, float], dict[str, float]] = {}
    for found in disturbed_outputs(
        model, images, watched, techniques, layers=layers, threads=threads, progress=progress
    ):
        block = next(iter(found.outputs.values()))
        errors = [
            float(np.mean(channel_errors(found.original[name], values) / scales[name]))
            for name, values in found.outputs.items()
        ]
        line = sums.setdefault((found.technique, found.strength), {})
        share = len(block) / len(images)
        line[found.layer.name] = line.get(found.layer.name, 0.0) + share * sum(errors) / len(watched)
    return sums


def disturbed_outputs(
    model: onnx.ModelProto,
    images: Sequence[FloatArray],
    watched: Sequence[str],
    techniques: Strengths | None = None,
    *,
    layers: Sequence[WeightLayer] | None = None,
    ranges: Mapping[str, Range] | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> Iterator[Disturbed]:
    """Values of the `watched` tensors for every layer, technique and strength, a block of images at a time.

    `ranges` are those of the inputs of each layer, by its name, for rounding them; by default over these images.
    """
    layers = weight_layers(model) if layers is None else layers
    chosen = [(TECHNIQUES.get(name), strengths) for name, strengths in parsed(techniques).items()]
    _, last = ends(model, layers)
    if ranges is None and any(technique.weight is None for technique, _ in chosen):
        observed = observe(model, layers, images, threads=threads, progress=progress)
        ranges = {name: (each.low, each.high) for name, each in observed.items()}
    size = max(1, min(BLOCK, HELD // (GROWTH * images[0].nbytes)))
    starts = range(0, len(images), size)
    done, total = 0, len(layers) * len(starts)
    for start in starts:
        for suffix in suffixes(model, layers, images[start : start + size], watched, threads=threads):
            progress("sensitivity", done, total)
            done += 1
            original = suffix.run()
            for technique, strengths in chosen:
                for strength in strengths:
                    if technique.fits(suffix.layer, strength, suffix.layer.name in last):
                        outputs = _changed(suffix, technique, strength, (ranges or {}).get(suffix.layer.name))
                        yield Disturbed(suffix.layer, technique.name, strength, start, outputs, original)


def reach(model: onnx.ModelProto, layers: Sequence[WeightLayer]) -> dict[str, float]:
    """For each layer, the share of `head_outputs` that depend on it."""
    watched = head_outputs(model, layers)
    return {layer.name: len(reached_from(model, layer, watched)) / len(watched) for layer in layers}


def _changed(suffix: Suffix, technique: Technique, strength: float, full: Range | None) -> dict[str, Batch]:
    layer = suffix.layer
    if technique.weight is None:
        assert full is not None, "inputs are rounded over a range"
        return suffix.run(inputs=[fake_quantized(item, full, strength) for item in suffix.inputs])
    rows = layer.layout.to_rows(suffix.weight).astype(np.float64)
    changed = technique.weight(rows, strength)
    bias = suffix.bias
    if bias is not None and technique.name == "channel_pruning":
        bias = np.where(changed.any(axis=1) | ~rows.any(axis=1), bias, np.float32(0)).astype(np.float32)
    return suffix.run(layer.layout.to_weight(changed.astype(np.float32)), bias)


def _scales(
    model: onnx.ModelProto, images: Sequence[FloatArray], watched: Sequence[str], threads: int
) -> dict[str, NDArray[np.float64]]:
    reference: list[list[Tensor]] = list(run_all(with_outputs(model, watched), images, threads))
    return {name: channel_variances([run[k] for run in reference]) for k, name in enumerate(watched)}
