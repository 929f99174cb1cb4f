"""Static int8 quantization after training."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from edgeslim.errors import RecipeError
from edgeslim.export import clean
from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, OnnxStep, Step, StepContext
from edgeslim.steps.images import calibration_images, prepared
from edgeslim.steps.quantization import regions
from edgeslim.steps.quantization.calibration import METHODS, Range, activation_ranges, float_tensors
from edgeslim.steps.quantization.equalization import equalized
from edgeslim.steps.quantization.formats import FORMATS, choice_here

EQUALIZING = 16
"""Number of images on which channel ranges are measured for equalization."""
KEEP_FLOAT = ("none", "outputs", "first_and_outputs", "first_depthwise_and_outputs")
OPERATORS = (
    *("Conv", "ConvTranspose", "Gemm", "MatMul"),
    *("Add", "Mul", "Relu", "Clip", "LeakyRelu", "Sigmoid", "Softmax"),
    *("MaxPool", "AveragePool", "GlobalAveragePool", "Resize", "Concat", "Split", "Slice", "Pad", "Gather"),
    *("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Where", "ArgMax"),
)
"""Operators of float networks that onnxruntime's static quantization handles by default."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class StaticInt8(OnnxStep):
    """Store weights in 8 bits and compute with 8-bit integers, on scales measured on calibration images.

    Written as QuantizeLinear and DequantizeLinear around each operator, which onnxruntime fuses where it has an integer
    kernel. Which format is fast depends on the processor; 'auto' chooses by this one. What preserves more accuracy
    (bias correction, learned rounding, a search for layers that stay float) is in robust_int8.
    """

    name = "static_int8"
    group = "quantization"
    source = "Jacob et al. 2018, arXiv 1712.05877; onnxruntime.quantization"
    changes = frozenset({"file", "download", "memory", "latency", "accuracy"})
    integers = True
    needs = frozenset({"calibration"})

    calibration: str = param(
        "minmax_average",
        search=("minmax_average", "percentile", "mse"),
        choices=METHODS,
        help="How activation ranges are determined.",
    )
    images: int = fields.images()
    percentile: float = param(
        99.99,
        low=90.0,
        high=100.0,
        unit="%",
        help="Share of the values inside the range (calibration percentile).",
        when=("calibration", "percentile"),
    )
    per_channel: bool = param(True, help="One weight scale per output channel instead of one per layer.")
    format: str = param(
        "auto",
        choices=("auto", *FORMATS),
        help="Number types of activations and weights: u unsigned, s signed; auto: decide by this processor.",
    )
    reduce_range: str = param(
        "auto",
        choices=("auto", "on", "off"),
        help="Use 7-bit weights, which processors without VNNI need; auto: decide by this processor.",
    )
    symmetric: bool = param(False, help="Centre activation ranges on zero.")
    equalize: bool = param(
        False,
        help="First equalize channel ranges across layers, where the activation function allows it exactly.",
    )
    keep_float: str = param(
        "outputs",
        search=("outputs", "first_and_outputs"),
        choices=KEEP_FLOAT,
        help="What stays float: the last layers and all that follows, the first layers, depthwise layers.",
    )
    first_layers: int = param(
        4,
        low=0,
        high=64,
        unit="layers",
        help="Number of first layers to keep in float, in order of computation.",
    )

    def resolve(self) -> Step:
        """'auto' replaced by its meaning on this machine."""
        choice = choice_here()
        reduced = "on" if choice.reduce_range else "off"
        return dataclasses.replace(
            self,
            format=choice.format if self.format == "auto" else self.format,
            reduce_range=reduced if self.reduce_range == "auto" else self.reduce_range,
        )

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives the resolved format, the number of images and the share of float layers.

        Raises RecipeError: 'no_calibration_images', 'all_kept_float', 'no_int8_layers', 'nothing_to_equalize'.
        """
        images = calibration_images(context.calibration, self.name)
        step = self.resolve()
        assert isinstance(step, StaticInt8)
        graph = model.graph
        step.check_graph(graph)
        quantized = step._quantizable(graph)
        pairs = 0
        if step.equalize:
            some = prepared(images, context.spec, min(step.images, EQUALIZING))
            model, pairs = equalized(model, some, context.threads)
            if not pairs:
                raise RecipeError("nothing_to_equalize", step=self.name)
        used = {name for node in quantized for name in (*node.input, *node.output)}
        ranges = activation_ranges(
            model,
            [name for name in float_tensors(model) if name in used],
            images,
            context.spec,
            method=step.calibration,
            percentile=step.percentile,
            images=step.images,
            threads=context.threads,
            progress=context.progress,
        )
        result = step._quantized(model, ranges, [node.name for node in quantized])
        layers = [node for node in graph.node if node.op_type in regions.LAYERS]
        context.info.update(
            format=step.format,
            reduce_range=step.reduce_range == "on",
            chosen_for=choice_here().because,
            images=min(step.images, len(images)),
            equalized_pairs=pairs,
            layers=len(layers),
            float_layers=len(layers) - sum(node.op_type in regions.LAYERS for node in quantized),
        )
        return result

    def check_graph(self, graph: onnx.GraphProto) -> None:
        """Raises RecipeError (all_kept_float, no_int8_layers) where all layers stay float."""
        if any(node.op_type in regions.LAYERS for node in self._quantizable(graph)):
            return
        able = sum(node.op_type in regions.LAYERS and node.op_type in OPERATORS for node in graph.node)
        if able:
            raise RecipeError("all_kept_float", step=self.name, count=able)
        raise RecipeError("no_int8_layers", step=self.name)

    def _quantizable(self, graph: onnx.GraphProto) -> list[onnx.NodeProto]:
        kept = self.float_nodes(graph)
        return [node for node in graph.node if node.op_type in OPERATORS and node.name not in kept]

    def float_nodes(self, graph: onnx.GraphProto) -> set[str]:
        """Names of the nodes that `keep_float` keeps in float."""
        kept: set[str] = set()
        if "outputs" in self.keep_float:
            kept |= regions.outputs_region(graph)
        if "first" in self.keep_float:
            kept |= regions.first_region(graph, self.first_layers)
        if "depthwise" in self.keep_float:
            kept |= regions.depthwise_region(graph)
        return regions.with_followers(graph, kept)

    def _quantized(
        self, model: onnx.ModelProto, ranges: dict[str, Range], nodes: list[str]
    ) -> onnx.ModelProto:
        from onnxruntime.quantization import CalibrationMethod, QuantType
        from onnxruntime.quantization.calibrate import TensorsData
        from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
        from onnxruntime.quantization.quant_utils import add_infer_metadata

        chosen = FORMATS[self.format]
        shaped = onnx.shape_inference.infer_shapes(model)
        add_infer_metadata(shaped)
        quantizer = QDQQuantizer(
            shaped,
            self.per_channel,
            self.reduce_range == "on",
            QuantType.QInt8 if chosen.signed_weights else QuantType.QUInt8,
            QuantType.QInt8 if chosen.signed_activations else QuantType.QUInt8,
            TensorsData(
                CalibrationMethod.MinMax, {name: _limits(*limits) for name, limits in ranges.items()}
            ),
            nodes,
            [],
            list(OPERATORS),
            {"ActivationSymmetric": self.symmetric, "WeightSymmetric": True},
        )
        logging.disable(logging.WARNING)  # it warns of biases that it has adjusted itself
        try:
            quantizer.quantize_model()
        finally:
            logging.disable(logging.NOTSET)
        quantizer.model.topological_sort()
        result: onnx.ModelProto = quantizer.model.model
        clean.drop_unused(result)
        clean.strip(result)
        return result


def _limits(low: float, high: float) -> tuple[Any, Any]:
    return np.array(low, np.float32), np.array(high, np.float32)
