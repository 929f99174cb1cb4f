"""Mixed low-bit weights: every layer gets the precision that its outputs need, under one budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import onnx

from compression.errors import InfeasibleError
from compression.export.packed import CodedWeight, stored_bytes
from compression.params import param
from compression.steps.base import STEPS, Effect, Need, OnnxStep, StepContext
from compression.steps.layerwise.compress import code_layers, stored
from compression.steps.layerwise.images import prepared
from compression.steps.layerwise.layers import FloatArray, WeightLayer
from compression.steps.layerwise.walk import Visit
from compression.steps.quantization.allocation import allocate
from compression.steps.quantization.coding import (
    ROUNDINGS,
    VECTORS,
    approached,
    coded_weight,
    float_layers,
    pruned_zeros,
    rounded,
    told,
)
from compression.steps.quantization.mixed import choices, grid_for, survey

MEASURES = ("download", "file")
SURVEY_IMAGES = 16
PROBE_IMAGES = 6


@STEPS.add
@dataclass(frozen=True, kw_only=True, slots=True)
class MixedLowBitWeights(OnnxStep):
    """Give each layer the precision its outputs need, so that a budget of bits is spent where it helps most.

    Each layer is disturbed alone and the error at the network's last layers is measured, without labels. For the
    download the choice is a step size, and codes are as wide as they come: a byte coder spends few bits on the
    frequent ones.
    """

    name: ClassVar[str] = "mixed_low_bit_weights"
    group: ClassVar[str] = "quantization"
    source: ClassVar[str] = (
        "Lagrangian bit allocation: Shoham & Gersho 1988; GPTQ, arXiv 2210.17323; AdaRound, arXiv 2004.10568"
    )
    changes: ClassVar[frozenset[Effect]] = frozenset({"file", "download", "accuracy"})
    needs: ClassVar[frozenset[Need]] = frozenset({"calibration"})

    average_bits: float = param(
        4.0, low=1.0, high=8.0, unit="bits per weight", help="The budget, over all weights."
    )
    measure: str = param(
        "download",
        choices=MEASURES,
        help="What the budget counts: bits after entropy coding (download) or as stored in fields (file).",
    )
    rounding: str = param("compensated", choices=ROUNDINGS, help="As in low_bit_weights.")
    storage: str = param(
        "auto",
        choices=("auto", "packed", "bytes"),
        help="packed: fields share bytes, the smaller file; bytes: one code a byte, the smaller download; "
        "auto: what the budget counts.",
    )
    vectors: str = param("float16", choices=VECTORS, help="How scales and biases are stored.")
    images: int = param(
        64, low=1, high=1000, unit="images", help="Calibration images, spread over the split."
    )
    steps: int = param(400, low=1, high=10_000, unit="steps", help="Of learning (rounding 'adaround').")

    def apply(self, model: onnx.ModelProto, context: StepContext) -> onnx.ModelProto:
        """`context.info` receives each layer's choice, sensitivity and the error expected from the whole.

        Raises RecipeError (codes 'no_float_weights', 'no_calibration_images'), InfeasibleError ('bits_unreachable'),
        DatasetError.
        """
        layers = float_layers(model, self.name)
        images = prepared(context, self.images, self.name)
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
            raise self._unreachable(sum(float(np.min(cost)) for cost in costs) / budget * self.average_bits)
        option = {
            layer.name: choices(self.measure)[index] for layer, index in zip(layers, chosen, strict=True)
        }

        def code(layer: WeightLayer, rows: FloatArray, visit: Visit | None) -> CodedWeight:
            return self._coded(layer, rows, visit, option[layer.name], context.seed)

        coded = code_layers(
            model,
            layers,
            code,
            images,
            statistics=True,
            half=self.vectors == "float16",
            threads=context.threads,
            progress=context.progress,
        )
        info = told(layers, coded)
        for layer, line in zip(layers, info["layers"], strict=True):
            line["sensitivity"] = options[layer.name].sensitivity
            if self.measure == "download":
                line["step"] = round(option[layer.name], 4)
        info["expected_error"] = sum(float(loss[i]) for loss, i in zip(losses, chosen, strict=True))
        context.info.update(info)
        by_measure = "bytes" if self.measure == "download" else "packed"
        storage = by_measure if self.storage == "auto" else self.storage
        result = stored(model, coded, layers, storage)
        context.info["bytes"] = stored_bytes(result)
        return result

    def _coded(
        self, layer: WeightLayer, rows: FloatArray, visit: Visit | None, option: float, seed: int
    ) -> CodedWeight:
        weight, gram = approached(rows, visit, rounding=self.rounding, centred=layer.adjustable, seed=seed)
        zeros = pruned_zeros(rows)
        grid = grid_for(weight, option, self.measure, pruned=zeros is not None)
        codes = rounded(weight, grid, gram, zeros, self.rounding, self.steps)
        return coded_weight(layer, codes, grid)

    def _unreachable(self, least: float) -> InfeasibleError:
        return InfeasibleError(
            "bits_unreachable",
            f"The weights cannot be stored in {self.average_bits:g} bits each: {least:.2f} is the least here.",
            f"Choose average_bits of {least:.2f} or more, or low_bit_weights with a ternary or binary scheme.",
            step=self.name,
            bits=self.average_bits,
            reachable=round(least, 3),
        )
