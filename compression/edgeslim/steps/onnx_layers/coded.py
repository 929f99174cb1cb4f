"""The coded layers of a network: codes and biases, how they are stored, and a summary for the report."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.export.packed import CodedWeight, store
from edgeslim.steps.onnx_layers.layers import WeightLayer

Vector = NDArray[np.floating[Any]]
"""float16 or float32."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LearningSettings:
    """Settings of training on the original's outputs; `label_weight` 0: without labels."""

    steps: int
    learning_rate: float
    batch: int
    label_weight: float


@dataclass(slots=True)
class CodedNetwork:
    """Codes of weights and biases to store, by name."""

    weights: dict[str, CodedWeight] = field(default_factory=dict)
    biases: dict[str, Vector] = field(default_factory=dict)
    images: int = 0
    matched: int = 0
    """Number of layers whose statistics were matched."""


def stored(
    model: onnx.ModelProto, coded: CodedNetwork, layers: Sequence[WeightLayer], storage: str
) -> onnx.ModelProto:
    """A copy of the model with codes instead of weights; layers without a bias may get one."""
    result = deepcopy(model)
    for layer in layers:
        if layer.bias is None and layer.bias_name in coded.biases:
            node = result.graph.node[layer.node]
            del node.input[2:]
            node.input.append(layer.bias_name)
    return store(result, coded.weights, coded.biases, storage)


def summary(layers: Sequence[WeightLayer], coded: CodedNetwork) -> dict[str, Any]:
    """What a step reports on its result, as JSON values; bits exclude scales, biases and graph."""
    weights = coded.weights
    count = sum(layer.size for layer in layers)
    bits = sum(weight.packed_bits for weight in weights.values())
    entropy = sum(weight.entropy * weight.codes.size for weight in weights.values())
    return {
        "images": coded.images,
        "weights": count,
        "average_bits": round(bits / count, 3),
        "average_entropy": round(entropy / count, 3),
        "matched_layers": coded.matched,
        "layers": [
            {
                "name": layer.name,
                "operator": layer.op,
                "weights": layer.size,
                "bits": weights[layer.name].bits,
                "entropy": round(weights[layer.name].entropy, 3),
                "sparse": weights[layer.name].sparse,
            }
            for layer in layers
        ],
    }
