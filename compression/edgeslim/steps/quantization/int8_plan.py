"""The plan of an int8 file: which nodes compute with integers, on which ranges, and with which weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx

from edgeslim.detections import FloatArray
from edgeslim.export.packed import CodedWeight
from edgeslim.steps.base import StepContext
from edgeslim.steps.onnx_layers.compress import Packing, code_layers
from edgeslim.steps.onnx_layers.layers import WeightLayer, array_of, pruned_zeros, weight_layers
from edgeslim.steps.onnx_layers.walk import Visit
from edgeslim.steps.quantization.calibration import Range
from edgeslim.steps.quantization.coding import approached, coded_weight, rounded
from edgeslim.steps.quantization.grids import uniform
from edgeslim.steps.quantization.qdq import (
    STORED_LIMIT,
    Integers,
    IntegerWeight,
    channel_axis,
    integer_weight,
    write_qdq,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Int8Plan:
    """`nodes` compute with integers on the ranges of their tensors; layers in `stored` only store their weights so."""

    model: onnx.ModelProto
    nodes: Collection[str]
    ranges: Mapping[str, Range]
    integers: Integers
    stored: Collection[str]
    weights: Mapping[str, IntegerWeight] = field(default_factory=dict)
    """Codes of weights by name; all others are rounded to nearest."""

    def written(self) -> onnx.ModelProto:
        return write_qdq(
            self.model, self.nodes, self.ranges, self.integers, stored=self.stored, rounded=self.weights
        )

    def layers(self) -> tuple[WeightLayer, ...]:
        """The layers whose weights are stored as integers, one row per output channel."""
        nodes = self.model.graph.node
        return tuple(
            layer
            for layer in weight_layers(self.model)
            if layer.slot == 1
            and (nodes[layer.node].name in self.nodes or nodes[layer.node].name in self.stored)
            and layer.layout.rows == layer.shape[channel_axis(nodes[layer.node], len(layer.shape))]
        )

    def limit(self, layer: WeightLayer) -> int:
        """Largest code of a layer's weight."""
        return self.integers.weight_limit if self._computes(layer) else STORED_LIMIT

    def coded(self, layer: WeightLayer) -> CodedWeight:
        """The weight of a layer as it will be stored."""
        limit, axis = self.limit(layer), channel_axis(self.model.graph.node[layer.node], len(layer.shape))
        codes, scale = self.weights.get(layer.name) or integer_weight(
            array_of(self.model, layer.name), axis, limit
        )
        rows = layer.layout.to_rows(codes.astype(np.float32)) + limit
        return CodedWeight(
            layer.layout, rows.astype(np.uint8), 2 * limit + 1, scale[:, None], zero=float(limit)
        )

    def _computes(self, layer: WeightLayer) -> bool:
        return self.model.graph.node[layer.node].name in self.nodes


def integers_of(weight: CodedWeight) -> IntegerWeight:
    """The inverse of `Int8Plan.coded`."""
    assert weight.scale is not None and isinstance(weight.zero, float)
    codes = weight.layout.to_weight(weight.codes.astype(np.float32) - np.float32(weight.zero))
    return codes.astype(np.int8), weight.scale[:, 0].astype(np.float32)


def rounded_weights(
    plan: Int8Plan, images: Sequence[FloatArray], rounding: str, steps: int, context: StepContext
) -> dict[str, IntegerWeight]:
    """Codes of the plan's weights by a rounding that needs images: 'compensated' or 'adaround'.

    Scales are those of rounding to nearest; activations are not quantized for it.
    """

    def code(layer: WeightLayer, rows: FloatArray, visit: Visit | None) -> CodedWeight:
        weight, gram = approached(rows, visit, rounding=rounding, centred=False, seed=context.seed)
        limit = plan.limit(layer)
        grid = uniform(weight, 2 * limit + 1, float(limit), "max")
        codes = rounded(weight, grid, gram, pruned_zeros(rows), rounding, steps)
        return coded_weight(layer, codes, grid)

    packing = Packing(statistics=False, vectors="float32")
    coded = code_layers(plan.model, plan.layers(), code, images, packing, context)
    return {name: integers_of(weight) for name, weight in coded.weights.items()}
