"""What goes into each weight layer and what comes out of it, on images: ranges, powers, zeros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.analysis.suffixes import data_input
from edgeslim.export.graph import attributes
from edgeslim.progress import Progress, silent
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.layers import RECURRENT, FloatArray, WeightLayer
from edgeslim.steps.quantization.noise import run_all, with_outputs

Doubles = NDArray[np.float64]
FLOOR = 1e-3
"""Channels that hardly vary count as if they varied by this part of the mean variance."""
_FOLLOWING = frozenset(
    {"BatchNormalization", "Relu", "LeakyRelu", "PRelu", "Clip", "Elu", "HardSwish", "HardSigmoid", "Sigmoid"}
    | {"Tanh", "Gelu", "Selu", "Softplus", "Mish"}
)
"""What may stand between a layer and what the next one reads."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Of one layer. Zeros are shares of all values, exact ones only, as ReLU makes them."""

    low: float
    high: float
    """Range of what goes in."""
    input_zeros: float
    output_zeros: float
    """After the activation function that follows."""
    power: Doubles
    """(C,) mean square of each input channel; of a matrix, of each of its columns."""
    variance: Doubles
    """(O,) of each output channel over places and images, before the activation function."""


@dataclass(slots=True)
class _Sums:
    """Of one tensor, over places and images."""

    low: float = np.inf
    high: float = -np.inf
    zeros: float = 0.0
    mean: Doubles | float = 0.0
    square: Doubles | float = 0.0

    def add(self, value: Tensor, axis: int, part: float) -> None:
        self.low, self.high = min(self.low, float(value.min())), max(self.high, float(value.max()))
        self.zeros += part * float(np.mean(value == 0))
        flat = np.moveaxis(value, axis, 0).reshape(value.shape[axis], -1)
        self.mean = self.mean + part * flat.mean(axis=1, dtype=np.float64)
        self.square = self.square + part * np.einsum("cn,cn->c", flat, flat) / flat.shape[1]

    @property
    def variance(self) -> Doubles:
        variance = np.maximum(np.asarray(self.square) - np.square(self.mean), 0.0)
        floored: Doubles = np.maximum(variance, max(float(variance.mean()) * FLOOR, 1e-12))
        return floored


def observe(
    model: onnx.ModelProto,
    layers: Sequence[WeightLayer],
    images: Sequence[FloatArray],
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> dict[str, Observed]:
    """Run the network on all images, one at a time, and sum up; by layer name.

    `images` are values of the network's one input, (1, …).
    """
    stored = {item.name for item in model.graph.initializer}
    feed = next(item.name for item in model.graph.input if item.name not in stored)
    after = {layer.name: _activated(model, layer.output) for layer in layers}
    axes = {after[layer.name]: _axis(layer) for layer in layers}
    axes |= {layer.output: _axis(layer) for layer in layers}
    axes |= {data_input(model, layer): _axis(layer) for layer in layers}
    names = [name for name in axes if name != feed]
    sums = {name: _Sums() for name in axes}
    runs = run_all(with_outputs(model, names), images, threads)
    for done, (image, values) in enumerate(zip(images, runs, strict=True)):
        progress("observing", done, len(images))
        for name, value in zip([*names, feed], [*values, image], strict=True):
            if name in sums:
                sums[name].add(value, axes[name] if value.ndim > 1 else 0, 1 / len(images))
    return {
        layer.name: _observed(
            layer, model, sums[data_input(model, layer)], sums[layer.output], sums[after[layer.name]]
        )
        for layer in layers
    }


def _observed(
    layer: WeightLayer, model: onnx.ModelProto, given: _Sums, made: _Sums, after: _Sums
) -> Observed:
    power = np.asarray(given.square)
    if layer.op == "ConvTranspose":  # of all inputs, an output place meets one in so many
        power = power / np.prod(attributes(model.graph.node[layer.node]).get("strides", [1]))
    return Observed(given.low, given.high, given.zeros, after.zeros, power, made.variance)


def _activated(model: onnx.ModelProto, name: str) -> str:
    """The tensor after the activation function that alone follows, if one does."""
    readers = [node for node in model.graph.node if name in node.input]
    while len(readers) == 1 and readers[0].op_type in _FOLLOWING:
        name = readers[0].output[0]
        readers = [node for node in model.graph.node if name in node.input]
    return name


def _axis(layer: WeightLayer) -> int:
    """Where channels lie, in what goes in as in what comes out."""
    if layer.op == "MatMul":
        return -1 if layer.slot == 1 else -2
    return -1 if layer.op in RECURRENT else 1
