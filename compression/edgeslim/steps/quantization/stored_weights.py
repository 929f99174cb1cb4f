"""Which float layers can have their weights stored in 8 bits: those whose rounding the outputs hardly notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import onnx

from edgeslim.export.graph import Initializers
from edgeslim.steps.quantization.noise import OutputNoise
from edgeslim.steps.quantization.qdq import Integers, write_qdq


def stored_layers(
    model: onnx.ModelProto,
    layers: Sequence[onnx.NodeProto],
    most_noise: float,
    noise: OutputNoise,
    integers: Integers,
    progress: Callable[[int, int], None],
) -> set[str]:
    """Names of `layers` to store in 8 bits.

    Each is measured alone; those with most noise per byte saved stay in 32 bits until what is left adds up to at most
    `most_noise`. These are few and small: first layers, depthwise layers.
    """
    weights = Initializers(model.graph)
    alone: dict[str, float] = {}
    for done, node in enumerate(layers):
        progress(done, len(layers))
        alone[node.name] = noise.of(write_qdq(model, (), {}, integers, stored={node.name}))
    sizes = {node.name: prod(weights.by_name[node.input[1]].dims) for node in layers}
    stored = sorted(alone, key=lambda name: (alone[name] / sizes[name], name))
    while stored and sum(alone[name] for name in stored) > most_noise:
        stored.pop()
    return set(stored)
