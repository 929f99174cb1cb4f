"""One scale for all output channels of a weight: channels of small weights have few levels left.

Depthwise layers have it worst: each of their channels has a range of its own (Nagel et al. 2019, arXiv 1906.04721).
"""

from __future__ import annotations

import numpy as np

from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.cause import CAUSES, Cause, cleared, judged, not_checked
from edgeslim.analysis.doctor.mends import static_int8
from edgeslim.analysis.doctor.originals import original_weights
from edgeslim.analysis.doctor.quantized import IntegerLayer, without
from edgeslim.analysis.doctor.records import Evidence, Finding
from edgeslim.detections import FloatArray
from edgeslim.steps.quantization.qdq import integer_weight

NAME = "per_tensor"
FEW = 16
"""Levels of a channel, of 255, from which on it is suspected."""


def look(case: Case) -> Finding:
    layers = case.layers
    if not layers:
        return not_checked(NAME, "not_quantized")
    shared = [layer for layer in layers if layer.scales.size == 1 and layer.codes.shape[layer.axis] > 1]
    if not shared:
        return cleared(NAME, "per_channel", layers=len(layers))
    known = original_weights(case)
    if any(layer.weight not in known for layer in shared):
        return not_checked(NAME, "no_float_weights")
    levels = {layer.weight: _levels(layer, known[layer.weight]) for layer in shared}
    few = {name: float(np.mean(each < FEW)) for name, each in levels.items()}
    worst = max(shared, key=lambda layer: few[layer.weight])
    evidence: Evidence = {
        "layer": worst.name,
        "few": few[worst.weight],
        "levels": round(float(np.median(levels[worst.weight])), 1),
        "limit": FEW,
        "layers": len(shared),
        "depthwise": sum(layer.depthwise for layer in shared if few[layer.weight] > 0),
    }
    weights = {layer.weight: _by_channel(layer, known[layer.weight]) for layer in shared}
    reason = "depthwise" if worst.depthwise else ""
    return judged(
        NAME, case, without(case.file, (), weights), evidence, static_int8(case, per_channel=True), reason
    )


def _levels(layer: IntegerLayer, weight: FloatArray) -> FloatArray:
    """(O,): steps of the shared scale between the least and the largest weight of each channel."""
    rows = np.moveaxis(weight, layer.axis, 0).reshape(weight.shape[layer.axis], -1)
    return np.asarray(2 * np.abs(rows).max(axis=1) / layer.scales[0], np.float32)


def _by_channel(layer: IntegerLayer, weight: FloatArray) -> FloatArray:
    codes, scale = integer_weight(weight, layer.axis, 127)
    spread = scale.reshape([-1 if axis == layer.axis else 1 for axis in range(weight.ndim)])
    return np.asarray(codes * spread, np.float32)


CAUSES.add(Cause(NAME, look))
