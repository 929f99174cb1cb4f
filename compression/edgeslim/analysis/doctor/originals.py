"""Float weights that a file's integers were rounded from."""

from __future__ import annotations

import numpy as np

from edgeslim.analysis.doctor.case import Case
from edgeslim.analysis.doctor.quantized import IntegerLayer, float_name
from edgeslim.detections import FloatArray
from edgeslim.models.graph import Initializers, producers

LEVEL = 0.75
"""Steps that a rounded weight may be off its float one, in the mean."""


def original_weights(case: Case) -> dict[str, FloatArray]:
    """By the name of the restored weight. Those are missing that the original does not hold: rewritten, retrained."""
    stored, made = Initializers(case.before_rounding.graph), producers(case.file.graph)
    found = {}
    for layer in case.layers:
        name = float_name(made[layer.weight].input[0])
        if name in stored and _same(layer, weight := stored.array(name)):
            found[layer.weight] = np.asarray(weight, np.float32)
    return found


def _same(layer: IntegerLayer, weight: FloatArray) -> bool:
    if weight.shape != layer.codes.shape or layer.codes.dtype != np.int8:
        return False
    shape = [-1 if axis == layer.axis and layer.scales.size > 1 else 1 for axis in range(weight.ndim)]
    scale = layer.scales.reshape(shape)
    return bool(np.mean(np.abs(layer.codes - weight / scale)) < LEVEL)
