"""How every step replaces weights by codes: layer by layer, with statistics matched, then stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeslim.detections import FloatArray
from edgeslim.export.packed import CodedWeight, stored_bytes
from edgeslim.steps.base import StepContext
from edgeslim.steps.onnx_layers.coded import CodedNetwork, LearningSettings, Vector, stored, summary
from edgeslim.steps.onnx_layers.layers import WeightLayer, array_of
from edgeslim.steps.onnx_layers.statistics import channel_statistics, gains
from edgeslim.steps.onnx_layers.walk import Replacement, Visit, visitable, walk

Coder = Callable[[WeightLayer, FloatArray, Visit | None], CodedWeight]
"""(layer, its weight as rows, its visit on the walk or None) → codes, with scales in any float type."""
_LARGEST = 6.5e4
"""Approximately the largest float16 number."""
_SMALLEST = 2e-6
"""Smaller scales have an error of more than 3 % in float16."""
_NEGLIGIBLE = 1e-4
"""Scales smaller than the largest by this factor may be stored inaccurately."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Packing:
    """How layers are coded and stored, besides the choice of codes."""

    statistics: bool
    """Match the mean and standard deviation of each channel (without `scaling`, the mean only) during the walk."""
    scaling: bool = True
    """Whether scales may take any value: then standard deviations are matched too, and scales are trained."""
    vectors: str
    """Type of scales and biases: 'float16', where they are in its range, or 'float32'."""
    storage: str = "packed"
    learning: LearningSettings | None = None
    """Train everything that is stored afterwards, if given."""


def packed(
    model: onnx.ModelProto,
    layers: Sequence[WeightLayer],
    coder: Coder,
    images: Sequence[FloatArray],
    packing: Packing,
    context: StepContext,
    step: str,
) -> tuple[onnx.ModelProto, CodedNetwork]:
    """The model with all layers coded and stored, and the codes. `context.info` receives their `summary`.

    Raises RecipeError and ModelError if training is requested.
    """
    coded = code_layers(model, layers, coder, images, packing, context)
    if packing.learning is not None:
        from edgeslim.steps.onnx_layers.learning import trained

        coded = trained(model, layers, coded, packing.learning, packing.scaling, context, step)
    result = stored(model, coded, layers, packing.storage)
    context.info.update(summary(layers, coded), bytes=stored_bytes(result))
    return result, coded


def code_layers(
    model: onnx.ModelProto,
    layers: Sequence[WeightLayer],
    coder: Coder,
    images: Sequence[FloatArray],
    packing: Packing,
    context: StepContext,
) -> CodedNetwork:
    """Choose codes for all layers; with images, in graph order, given each layer's inputs and target outputs.

    The model is not modified.
    """
    half = packing.vectors == "float16"
    coded = CodedNetwork()
    met = visitable(model, layers) if images else ()
    for layer in layers:
        if layer not in met:
            weight = coder(layer, layer.layout.to_rows(array_of(model, layer.name)), None)
            coded.weights[layer.name] = narrowed(weight, half)
            if layer.bias is not None:
                coded.biases[layer.bias] = _vector(array_of(model, layer.bias), half)

    def choose(visit: Visit) -> Replacement:
        layer = visit.layer
        weight = narrowed(coder(layer, layer.layout.to_rows(visit.weight), visit), half)
        bias = None if visit.bias is None else _vector(visit.bias, half)
        if not (packing.statistics and layer.adjustable):
            replacement = Replacement(weight.values(), _wide(bias))
        else:
            coded.matched += 1
            weight, bias, replacement = _matched(visit, weight, bias, scaling=packing.scaling, half=half)
        coded.weights[layer.name] = weight
        if bias is not None:
            coded.biases[layer.bias_name] = bias
        return replacement

    if met:
        replaced = {name: weight.values() for name, weight in coded.weights.items()}
        replaced |= {name: bias.astype(np.float32) for name, bias in coded.biases.items()}
        coded.images = walk(
            model, met, images, choose, replaced=replaced, threads=context.threads, progress=context.progress
        )
    return coded


def narrowed(weight: CodedWeight, half: bool) -> CodedWeight:
    """The weight with scale and codebook in float16 (if `half` and in its range) or float32."""
    scale = None if weight.scale is None else _scales(weight.scale, half)
    book = None if weight.codebook is None else _vector(weight.codebook, half)
    return dataclasses.replace(weight, scale=scale, codebook=book)


def _matched(
    visit: Visit, weight: CodedWeight, bias: Vector | None, *, scaling: bool, half: bool
) -> tuple[CodedWeight, Vector, Replacement]:
    """Weight and bias with which each output channel has the target's mean (and standard deviation)."""
    layer = visit.layer
    outputs = visit.run(weight.values(), _wide(bias))
    target, now = channel_statistics(visit.target), channel_statistics(outputs)
    before = np.zeros(layer.layout.rows) if bias is None else bias.astype(np.float64)
    gain = np.ones(layer.layout.rows)
    if scaling:
        weight, gain = _scaled(weight, gains(target, now), half)
    shifted = _vector((before - now.mean) * gain + target.mean, half)
    offset = shifted.astype(np.float64) - before * gain
    shape = (-1, *(1,) * (outputs[0].ndim - 2))
    factor, summand = (item.astype(np.float32).reshape(shape) for item in (gain, offset))
    return (
        weight,
        shifted,
        Replacement(weight.values(), _wide(shifted), [each * factor + summand for each in outputs]),
    )


def _scaled(
    weight: CodedWeight, factors: NDArray[np.float64], half: bool
) -> tuple[CodedWeight, NDArray[np.float64]]:
    """The weight with each row multiplied by its factor, and the factors as the stored scales represent them."""
    rows = weight.layout.rows
    scale = np.ones((rows, 1)) if weight.scale is None else weight.scale.astype(np.float64)
    scale = np.broadcast_to(scale, (rows, scale.shape[1]))
    new = _scales(scale * factors[:, None], half)
    if scale.shape[1] == 1:
        factors = np.divide(new[:, 0], scale[:, 0], out=factors.copy(), where=scale[:, 0] > 0)
    return dataclasses.replace(weight, scale=new), factors


def _scales(values: NDArray[np.floating[Any]], half: bool) -> Vector:
    small = values < _SMALLEST
    good = not np.any(small & (values > _NEGLIGIBLE * values.max()))
    return _vector(values, half and good)


def _vector(values: NDArray[np.floating[Any]], half: bool) -> Vector:
    fits = float(np.abs(values).max(initial=0.0)) < _LARGEST
    return values.astype(np.float16) if half and fits else values.astype(np.float32)


def _wide(vector: Vector | None) -> FloatArray | None:
    return None if vector is None else vector.astype(np.float32)
