"""Static int8 quantization that preserves a detector's accuracy: what computes in int8 is chosen by noise and cost."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import onnx

from edgeslim.detections import FloatArray
from edgeslim.errors import RecipeError
from edgeslim.export import clean
from edgeslim.export.packed import with_plain_weights
from edgeslim.export.rewriting import rewritten
from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, OnnxStep, Step, StepContext
from edgeslim.steps.images import calibration_images, prepared
from edgeslim.steps.quantization.bias_correction import bias_corrected
from edgeslim.steps.quantization.calibration import METHODS, Range, activation_ranges, float_tensors
from edgeslim.steps.quantization.costs import AVX2, LAYERS, VNNI, CostModel, OperatorCosts
from edgeslim.steps.quantization.equalization import equalized
from edgeslim.steps.quantization.formats import CpuChoice, choice_here
from edgeslim.steps.quantization.int8_assignment import (
    Assignment,
    AssignmentSearch,
    fused_layers,
    stored_layers,
)
from edgeslim.steps.quantization.int8_plan import Int8Plan, rounded_weights
from edgeslim.steps.quantization.limits import adjusted
from edgeslim.steps.quantization.noise import OutputNoise, decibels
from edgeslim.steps.quantization.qdq import Integers, write_qdq

PROCESSORS = {
    "x86": (Integers(signed_activations=False, weight_limit=63), AVX2),
    "x86_vnni": (Integers(signed_activations=False, weight_limit=127), VNNI),
    "arm": (Integers(signed_activations=True, weight_limit=127), VNNI),
}
"""Number types and operator costs by processor. Without VNNI, x86 saturates sums of products unless weights fit 7 bits;
ARM with dot products multiplies 8-bit numbers as VNNI does."""
CORRECTION_IMAGES = 16
STORED_NOISE = 0.1
"""Noise allowed to weights that are only stored in 8 bits, as a fraction of the noise of the int8 layers …"""
LEAST_STORED_NOISE = 0.02
"""… or, where that is less, this noise in total (17 dB)."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class RobustInt8(OnnxStep):
    """Store all weights in 8 bits and compute with 8-bit integers where that saves time at the least noise.

    After a low-bit step the weights keep their few levels, so the download stays small and the network gets fast too.
    Without labels: exact rewrites, cross-layer equalization, ranges fitted to the activation function, a search for the
    layers that stay float (by measured output noise and a table of costs), and bias correction. Layers that stay float
    store their weights in 8 bits too, except the few that do not tolerate it. Output layers always compute in float.
    """

    name = "robust_int8"
    group = "quantization"
    source = (
        "Nagel et al. 2019, arXiv 1906.04721 (equalization, bias correction); Jacob et al. 2018; "
        "AdaRound: arXiv 2004.10568"
    )
    changes = frozenset({"file", "download", "memory", "latency", "accuracy"})
    integers = True
    needs = frozenset({"calibration"})
    destroys = frozenset({"codes"})

    latency: float = param(
        0.87,
        search=(0.4, 1.0),
        low=0.2,
        high=1.5,
        unit="fraction of the float time",
        help="Budget of predicted (not measured) time; within it, the least noise is chosen.",
    )
    sqnr: float = param(
        8.0,
        low=0.0,
        high=60.0,
        unit="dB",
        help="Minimum predicted signal-to-noise ratio of the outputs; it takes precedence over the time budget.",
    )
    processor: str = param("auto", choices=("auto", *PROCESSORS), help="Target processor; auto: this one.")
    calibration: str = param("minmax_average", choices=METHODS, help="How activation ranges are determined.")
    images: int = fields.images()
    search_images: int = param(
        4,
        low=1,
        high=64,
        unit="images",
        help="Number of images on which the noise of each layer is measured.",
    )
    rewrite: bool = param(True, help="First replace operators by faster ones with the same outputs.")
    equalize: bool = param(
        True, help="Equalize channel ranges across layers where the activation function allows it exactly."
    )
    correct_bias: bool = param(True, help="Subtract the mean rounding error of each channel from its bias.")

    rounding: str = param(
        "nearest",
        choices=("nearest", "compensated", "adaround"),
        help="nearest: to the nearest level; compensated: other weights of the channel compensate each error; adaround: "
        "learned layer by layer.",
    )
    rounding_steps: int = param(
        400,
        low=1,
        high=10_000,
        unit="steps",
        help="Steps of learned rounding (rounding adaround).",
        when=("rounding", "adaround"),
    )

    def resolve(self) -> Step:
        """'auto' replaced by its meaning on this machine."""
        if self.processor != "auto":
            return self
        return dataclasses.replace(self, processor=processor_for(choice_here()))

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives what stays float, predicted times, SQNR after each stage, images and processor.

        Raises RecipeError (code 'nothing_to_quantize') for a model without float weights of linear layers.
        """
        plan, _ = self.planned(model, context)
        result = plan.written()
        clean.strip(result)
        return result

    def planned(self, model: onnx.ModelProto, context: StepContext) -> tuple[Int8Plan, OutputNoise]:
        """The plan of the file to write, and the measure of its output noise against `model`."""
        split = calibration_images(context.calibration, self.name)
        step = self.resolve()
        assert isinstance(step, RobustInt8)
        integers, costs = PROCESSORS[step.processor]
        packed, model = model, with_plain_weights(model)
        if model is not packed:  # equalized or differently rounded weights would have more levels
            step = dataclasses.replace(step, equalize=False, rounding="nearest")
        if not any(_stores(node, model.graph) for node in model.graph.node):
            raise RecipeError("nothing_to_quantize", step=self.name)
        float_time = CostModel(model, costs).float_time(model.graph.node)
        work, rewrites = rewritten(model) if step.rewrite else (model, {})
        images = prepared(split, context.spec, max(CORRECTION_IMAGES, step.search_images))
        pairs = 0
        if step.equalize:
            work, pairs = equalized(work, images, context.threads)
        ranges = step._ranges(work, split, context)
        every = max(1, len(images) // step.search_images)
        noise = OutputNoise(model, images[::every][: step.search_images], context.threads)
        search = step._search(work, ranges, integers, noise, costs, context)
        chosen = search.best(
            step.latency * float_time,
            10 ** (-step.sqnr / 10),
            lambda done, total: context.progress("layers", done, total),
        )
        layers = [node for node in work.graph.node if _stores(node, work.graph)]
        floating = [node for node in layers if node.name not in chosen.layers]
        stored = stored_layers(
            work,
            floating,
            max(STORED_NOISE * chosen.noise, LEAST_STORED_NOISE),
            noise,
            integers,
            lambda done, total: context.progress("layers", done, total),
        )
        everything = search.assign(frozenset(unit.layer for unit in search.units))
        whole = _plan(work, everything, ranges, integers, {node.name for node in layers})
        plan = _plan(work, chosen, ranges, integers, stored)
        stages = {"all_int8": noise.of(whole.written()), "chosen": noise.of(plan.written())}
        plan = step._refined(plan, images[:CORRECTION_IMAGES], noise, stages, context)
        context.info.update(
            step._report(work, context, len(split), chosen, costs, float_time),
            float32_weights=sorted(node.output[0] for node in floating if node.name not in stored),
            rewrites=rewrites,
            equalized_pairs=pairs,
            sqnr_db={name: round(decibels(value), 2) for name, value in stages.items()},
        )
        return plan, noise

    def _refined(
        self,
        plan: Int8Plan,
        images: list[FloatArray],
        noise: OutputNoise,
        stages: dict[str, float],
        context: StepContext,
    ) -> Int8Plan:
        """The plan with better rounding and corrected biases; `stages` receives the noise after each change."""
        if self.rounding != "nearest":
            weights = rounded_weights(plan, images, self.rounding, self.rounding_steps, context)
            plan = dataclasses.replace(plan, weights=weights)
            stages["rounded"] = noise.of(plan.written())
        if self.correct_bias:
            corrected, _ = bias_corrected(
                plan.model, plan.nodes, plan.ranges, plan.integers, images, context.threads, plan.weights
            )
            plan = dataclasses.replace(plan, model=corrected)
            stages["bias_corrected"] = noise.of(plan.written())
        return plan

    def _ranges(self, model: onnx.ModelProto, split: Any, context: StepContext) -> dict[str, Range]:
        return activation_ranges(
            model,
            float_tensors(model),
            split,
            context.spec,
            method=self.calibration,
            percentile=99.99,
            images=self.images,
            threads=context.threads,
            progress=context.progress,
        )

    def _search(
        self,
        model: onnx.ModelProto,
        ranges: dict[str, Range],
        integers: Integers,
        noise: OutputNoise,
        costs: OperatorCosts,
        context: StepContext,
    ) -> AssignmentSearch:
        """The search over a graph, with the noise of each layer measured alone."""
        found = fused_layers(model.graph)
        alone = {}
        for done, unit in enumerate(found):
            context.progress("layers", done, len(found))
            fitted = adjusted(model.graph, ranges, unit.nodes)
            alone[unit.layer] = noise.of(write_qdq(model, unit.nodes, fitted, integers))
        return AssignmentSearch(model, CostModel(model, costs), alone)

    def _report(
        self,
        work: onnx.ModelProto,
        context: StepContext,
        available: int,
        chosen: Assignment,
        costs: OperatorCosts,
        float_time: float,
    ) -> dict[str, Any]:
        table = CostModel(work, costs)
        layers = [node for node in work.graph.node if _stores(node, work.graph)]
        macs = sum(table.macs(node) for node in layers)
        return {
            "processor": self.processor,
            "weight_bits": 7 if self.processor == "x86" else 8,
            "images": min(self.images, available),
            "seed": context.seed,
            "layers": len(layers),
            "float_layers": sum(node.name not in chosen.layers for node in layers),
            "float_tensors": [node.output[0] for node in layers if node.name not in chosen.layers],
            "int8_macs": sum(table.macs(node) for node in layers if node.name in chosen.layers)
            / max(macs, 1),
            "predicted_latency": chosen.nanoseconds / float_time,
            "rewritten_latency": table.float_time(work.graph.node) / float_time,
        }


def processor_for(choice: CpuChoice) -> str:
    """Key of PROCESSORS for a processor's preferred format."""
    if choice.format == "s8s8":
        return "arm"
    return "x86" if choice.reduce_range else "x86_vnni"


def _plan(
    model: onnx.ModelProto,
    chosen: Assignment,
    ranges: dict[str, Range],
    integers: Integers,
    stored: set[str],
) -> Int8Plan:
    fitted = adjusted(model.graph, ranges, chosen.nodes)
    return Int8Plan(
        model=model, nodes=chosen.nodes, ranges=fitted, integers=integers, stored=stored - chosen.nodes
    )


def _stores(node: onnx.NodeProto, graph: onnx.GraphProto) -> bool:
    """Whether the node is a linear layer with a stored float weight."""
    return node.op_type in LAYERS and any(
        item.name == node.input[1] and item.data_type == onnx.TensorProto.FLOAT and len(item.dims) > 1
        for item in graph.initializer
    )
