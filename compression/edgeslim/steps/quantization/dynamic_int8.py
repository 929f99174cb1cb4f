"""Dynamic int8 quantization, for models of linear and recurrent layers; needs no images."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import onnx

from edgeslim.errors import RecipeError
from edgeslim.export import clean
from edgeslim.export.packed import CodedWeight, store
from edgeslim.params import param
from edgeslim.steps.base import STEPS, OnnxStep, Step, StepContext
from edgeslim.steps.onnx_layers.layers import WeightLayer, array_of, weight_layers
from edgeslim.steps.quantization.formats import choice_here
from edgeslim.steps.quantization.grids import uniform
from edgeslim.steps.quantization.rounding import nearest

INTEGER = ("Gemm", "MatMul", "LSTM")
"""Operators with integer kernels in onnxruntime that determine the activation range at run time."""
STORED = ("GRU", "RNN")
"""Operators without such kernels: their weights are stored in 8 bits and widened when the model is loaded."""
SMALLEST = 512
"""Layers with fewer weights stay float: the added nodes would take more bytes than they save."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class DynamicInt8(OnnxStep):
    """Store the weights of linear and recurrent layers in 8 bits, and determine activation ranges for each image.

    Needs no calibration images. Linear layers and LSTMs compute with integers; GRUs, for which onnxruntime has no
    integer kernel, compute in float. It saves size, not time: determining the ranges costs what small layers gain.
    Convolutions stay float.
    """

    name = "dynamic_int8"
    group = "quantization"
    source = "onnxruntime.quantization, dynamic quantization; Jacob et al. 2018, arXiv 1712.05877"
    changes = frozenset({"file", "download", "accuracy"})
    integers = True

    per_channel: bool = param(True, help="One weight scale per output channel instead of one per layer.")
    reduce_range: str = param(
        "auto",
        choices=("auto", "on", "off"),
        help="Use 7-bit weights, which processors without VNNI need; auto: decide by this processor.",
    )

    def resolve(self) -> Step:
        """'auto' replaced by its meaning on this machine."""
        reduced = "on" if choice_here().reduce_range else "off"
        return dataclasses.replace(
            self, reduce_range=reduced if self.reduce_range == "auto" else self.reduce_range
        )

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives how many weights compute with integers, are only stored as such, or stay float.

        Raises RecipeError (code 'nothing_dynamic') for a model without linear or recurrent layers of sufficient size.
        """
        step = self.resolve()
        assert isinstance(step, DynamicInt8)
        layers = weight_layers(model)
        nodes = [
            model.graph.node[layer.node].name
            for layer in layers
            if layer.op in INTEGER and layer.size >= SMALLEST
        ]
        result = step._integers(model, nodes) if nodes else model
        floats = weight_layers(result)
        kept = [layer for layer in floats if layer.op in STORED and layer.size >= SMALLEST]
        if len(floats) == len(layers) and not kept:
            raise RecipeError("nothing_dynamic", step=self.name, smallest=SMALLEST)
        result = store(result, {layer.name: step._coded(model, layer) for layer in kept})
        clean.drop_unused(result)
        clean.strip(result)
        context.info.update(
            reduce_range=step.reduce_range == "on",
            chosen_for=choice_here().because,
            integer_weights=_count(layers) - _count(floats),
            stored_weights=_count(kept),
            float_weights=_count(floats) - _count(kept),
        )
        return result

    def check_graph(self, graph: onnx.GraphProto) -> None:
        """Raises RecipeError (code 'nothing_dynamic')."""
        large = {
            each.name for each in graph.initializer if len(each.dims) >= 2 and prod(each.dims) >= SMALLEST
        }
        nodes = (node for node in graph.node if node.op_type in (*INTEGER, *STORED))
        if not any(name in large for node in nodes for name in node.input):
            raise RecipeError("nothing_dynamic", step=self.name, smallest=SMALLEST)

    def _integers(self, model: onnx.ModelProto, nodes: Sequence[str]) -> onnx.ModelProto:
        """A copy in which these nodes determine their input's range, quantize it and multiply integers."""
        from onnxruntime.quantization import QuantizationMode, QuantType
        from onnxruntime.quantization.onnx_quantizer import ONNXQuantizer
        from onnxruntime.quantization.quant_utils import add_infer_metadata

        shaped = onnx.shape_inference.infer_shapes(model)
        add_infer_metadata(shaped)
        # a Gemm is first split into a MatMul, of this name, and an Add
        chosen = [name for node in nodes for name in (node, f"{node}_MatMul")]
        quantizer = ONNXQuantizer(
            shaped,
            self.per_channel,
            self.reduce_range == "on",
            QuantizationMode.IntegerOps,
            False,
            QuantType.QInt8,
            QuantType.QUInt8,
            None,
            chosen,
            [],
            list(INTEGER),
            {"MatMulConstBOnly": True, "WeightSymmetric": True},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
        result: onnx.ModelProto = quantizer.model.model
        return result

    def _coded(self, model: onnx.ModelProto, layer: WeightLayer) -> CodedWeight:
        rows = layer.layout.to_rows(array_of(model, layer.name)).astype(np.float64)
        grid = uniform(rows if self.per_channel else rows.reshape(1, -1), 256, 128.0, "max")
        codes = nearest(rows, grid.spread(*rows.shape), None).astype(np.uint8)
        return CodedWeight(layer.layout, codes, 256, grid.scale.astype(np.float32), zero=128.0)


def _count(layers: Sequence[WeightLayer]) -> int:
    return sum(layer.size for layer in layers)
