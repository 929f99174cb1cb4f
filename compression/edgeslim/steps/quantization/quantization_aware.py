"""Quantization-aware training: int8 whose weights and ranges are trained with their rounding."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from edgeslim.export import clean
from edgeslim.params import param
from edgeslim.records import shared
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, STORED, Need, StepContext, needs_by
from edgeslim.steps.onnx_layers.coded import LearningSettings
from edgeslim.steps.quantization.noise import decibels
from edgeslim.steps.quantization.robust_int8 import RobustInt8


def _needs(step: QuantizationAwareTraining) -> set[Need]:
    return {"calibration", "train", "loss"} if step.label_weight > 0 else {"calibration"}


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizationAwareTraining(RobustInt8):
    """Compute with 8-bit integers as robust_int8 does, after training the network with its own rounding.

    Weights, biases and activation scales are trained on the original's outputs, and on labels if wanted. The file has
    the same structure as without training, so it is as fast.
    """

    name = "quantization_aware_training"
    source = "Jacob et al. 2018, arXiv 1712.05877; learned scales: Esser et al. 2020, arXiv 1902.08153"
    needs = needs_by(_needs)
    destroys = STORED

    steps: int = fields.updates("Maximum number of weight updates; 0: no training.")
    learning_rate: float = fields.learning_rate(
        1e-2, "Peak, in quantization steps of the weights per update; it decays along a cosine."
    )
    batch: int = fields.batch()
    learn_ranges: bool = param(True, help="Train activation scales too, not only weights and biases.")
    label_weight: float = fields.label_weight()

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives what robust_int8 reports, and under 'training' the held-out loss before and after.

        Raises RecipeError: 'all_kept_float', 'no_int8_layers', and the codes of `distil`.
        """
        plan, noise = self.planned(model, context)
        if self.steps > 0:
            from edgeslim.steps.quantization.fake_quantization import trained_plan

            learning = LearningSettings(**shared(LearningSettings, self))
            plan, report = trained_plan(plan, learning, self.learn_ranges, context, self.name)
            context.info["training"] = report
        result = plan.written()
        context.info["sqnr_db"]["trained"] = round(decibels(noise.of(result)), 2)
        clean.strip(result)
        return result
