"""Mixed low-bit weights: each layer gets the precision that the network's outputs need, under one budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import onnx

from edgeslim.detections import FloatArray
from edgeslim.errors import InfeasibleError
from edgeslim.export.packed import CodedWeight
from edgeslim.params import param
from edgeslim.steps import fields
from edgeslim.steps.base import STEPS, OnnxStep, StepContext
from edgeslim.steps.onnx_layers.compress import Packing, packed
from edgeslim.steps.onnx_layers.layers import WeightLayer, pruned_zeros
from edgeslim.steps.onnx_layers.walk import Visit
from edgeslim.steps.quantization import coding
from edgeslim.steps.quantization.coding import approached, coded_weight, float_layers, rounded
from edgeslim.steps.quantization.precision_options import allocate, choices, grid_for, survey

MEASURES = ("download", "file")
SURVEY_IMAGES = 22
PROBE_IMAGES = 6
"""The last ones of these images: they measure the change of the outputs, the others show the layers' inputs."""


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class MixedLowBitWeights(OnnxStep):
    """Give each layer the precision that the outputs need, so that a budget of bits is spent where it helps most.

    Each layer is perturbed alone and the error at the network's last layers is measured, without labels. For the
    download, the choice is a step size and codes may be wide: an entropy coder spends few bits on frequent ones.
    """

    name = "mixed_low_bit_weights"
    group = "quantization"
    source = (
        "Lagrangian bit allocation: Shoham & Gersho 1988; GPTQ, arXiv 2210.17323; AdaRound, arXiv 2004.10568"
    )
    changes = frozenset({"file", "download", "accuracy"})
    needs = coding.NEEDS
    makes = frozenset({"levels"})
    looks: ClassVar[bool] = True

    average_bits: float = param(
        4.0,
        search=(1.5, 6.0),
        low=1.0,
        high=8.0,
        unit="bits per weight",
        help="Budget: average number of bits over all weights.",
    )
    measure: str = param(
        "download",
        choices=MEASURES,
        help="What the budget counts: bits after entropy coding (download), or bits as stored (file).",
    )
    rounding: str = coding.rounding()
    storage: str = param(
        "auto",
        choices=("auto", "packed", "bytes"),
        help="packed: several codes per byte, the smaller file; bytes: one code per byte, the smaller download; auto: "
        "whichever suits what the budget counts.",
    )
    vectors: str = fields.vectors()
    images: int = fields.images()
    steps: int = coding.steps()
    learning_rate: float = coding.learning_rate()
    batch: int = fields.batch()
    label_weight: float = fields.label_weight()

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives each layer's choice and sensitivity, and the error expected of the whole network.

        Raises RecipeError (codes 'no_float_weights', 'no_calibration_images'), InfeasibleError ('bits_unreachable'),
        DatasetError.
        """
        layers = float_layers(model, self.name)
        images = coding.images_for(self, context)
        options = survey(
            model,
            layers,
            images[:: max(1, len(images) // SURVEY_IMAGES)],
            PROBE_IMAGES,
            self.measure,
            context.seed,
            threads=context.threads,
            progress=context.progress,
        )
        budget = self.average_bits * sum(layer.size for layer in layers)
        costs, losses = [options[x.name].bits for x in layers], [options[x.name].loss for x in layers]
        chosen = allocate(costs, losses, budget)
        if chosen is None:
            least = round(sum(float(np.min(cost)) for cost in costs) / budget * self.average_bits, 3)
            raise InfeasibleError("bits_unreachable", step=self.name, bits=self.average_bits, reachable=least)
        option = {
            layer.name: choices(self.measure)[index] for layer, index in zip(layers, chosen, strict=True)
        }

        def code(layer: WeightLayer, rows: FloatArray, visit: Visit | None) -> CodedWeight:
            return self._coded(layer, rows, visit, option[layer.name], context.seed)

        stored_as = "bytes" if self.measure == "download" else "packed"
        packing = Packing(
            statistics=True,
            vectors=self.vectors,
            storage=stored_as if self.storage == "auto" else self.storage,
            learning=coding.learning(self),
        )
        result, _ = packed(model, layers, code, images, packing, context, self.name)
        for layer, line in zip(layers, context.info["layers"], strict=True):
            line["sensitivity"] = options[layer.name].sensitivity
            if self.measure == "download":
                line["step"] = round(option[layer.name], 4)
        expected = sum(float(loss[i]) for loss, i in zip(losses, chosen, strict=True))
        context.info["expected_error"] = expected
        return result

    def _coded(
        self, layer: WeightLayer, rows: FloatArray, visit: Visit | None, option: float, seed: int
    ) -> CodedWeight:
        weight, gram = approached(rows, visit, rounding=self.rounding, centred=layer.adjustable, seed=seed)
        zeros = pruned_zeros(rows)
        grid = grid_for(weight, option, self.measure, pruned=zeros is not None)
        codes = rounded(weight, grid, gram, zeros, self.rounding, self.steps)
        return coded_weight(layer, codes, grid)
