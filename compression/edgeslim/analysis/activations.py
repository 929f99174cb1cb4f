"""Inputs and outputs of each weight layer on images: ranges, powers, zeros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from edgeslim.analysis.suffixes import data_input
from edgeslim.detections import Doubles, FloatArray
from edgeslim.models.graph import attributes
from edgeslim.progress import Progress, silent
from edgeslim.sessions import Tensor
from edgeslim.steps.onnx_layers.layers import RECURRENT, WeightLayer
from edgeslim.steps.quantization.noise import run_all, with_outputs

FLOOR = 1e-3
"""Smallest variance of a channel, relative to the mean over channels."""
_FOLLOWING = frozenset(
    {"BatchNormalization", "Relu", "LeakyRelu", "PRelu", "Clip", "Elu", "HardSwish", "HardSigmoid", "Sigmoid"}
    | {"Tanh", "Gelu", "Selu", "Softplus", "Mish"}
)
"""Operators that may follow a layer before the next one."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Measurements of one layer. Zeros are shares of exactly zero values, as ReLU makes them."""

    low: float
    high: float
    """Range of the input."""
    input_zeros: float
    output_zeros: float
    """After the activation function that follows the layer."""
    power: Doubles
    """(C,) mean square of each input channel; for a matrix, of each column."""
    variance: Doubles
    """(O,) variance of each output channel over positions and images, before the activation function."""


@dataclass(slots=True)
class _Sums:
    """Running sums of one tensor, over positions and images."""

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
    """Measurements of all layers by name, over all images, which are run one at a time.

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
    if layer.op == "ConvTranspose":  # an output position reads only one in so many inputs
        power = power / np.prod(attributes(model.graph.node[layer.node]).get("strides", [1]))
    return Observed(given.low, given.high, given.zeros, after.zeros, power, made.variance)


def _activated(model: onnx.ModelProto, name: str) -> str:
    """The tensor after the activation functions that are the only readers of `name`, if there are any."""
    readers = [node for node in model.graph.node if name in node.input]
    while len(readers) == 1 and readers[0].op_type in _FOLLOWING:
        name = readers[0].output[0]
        readers = [node for node in model.graph.node if name in node.input]
    return name


def _axis(layer: WeightLayer) -> int:
    """Axis of the channels in the layer's input and output."""
    if layer.op == "MatMul":
        return -1 if layer.slot == 1 else -2
    return -1 if layer.op in RECURRENT else 1
