"""From a layer's weight to its codes: parameters and functions that the low-bit steps share."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import onnx

from edgeslim.detections import BoolArray, Doubles, FloatArray
from edgeslim.errors import RecipeError
from edgeslim.export.packed import CodedWeight
from edgeslim.params import param
from edgeslim.records import shared
from edgeslim.steps import fields
from edgeslim.steps.base import Need, StepContext, needs_by
from edgeslim.steps.images import calibration_images, prepared
from edgeslim.steps.onnx_layers.coded import LearningSettings
from edgeslim.steps.onnx_layers.gram import Gram, gram_of
from edgeslim.steps.onnx_layers.layers import WeightLayer, weight_layers
from edgeslim.steps.onnx_layers.walk import Visit
from edgeslim.steps.quantization.grids import Grid
from edgeslim.steps.quantization.rounding import compensated, learned, nearest

ROUNDINGS = ("nearest", "compensated", "adaround", "trained")


class Rounds(Protocol):
    """A step with these parameters. `looks`: whether it needs calibration images."""

    @property
    def name(self) -> str: ...
    @property
    def looks(self) -> bool: ...
    @property
    def images(self) -> int: ...
    @property
    def rounding(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def batch(self) -> int: ...
    @property
    def label_weight(self) -> float: ...


def rounding() -> Any:
    return param(
        "compensated",
        choices=ROUNDINGS,
        help="nearest: to the nearest level; compensated: other weights of the channel compensate each error; adaround: "
        "learned layer by layer; trained: compensated, then all codes and scales are trained on the original's outputs.",
    )


def steps() -> Any:
    return param(
        400,
        low=1,
        high=10_000,
        unit="steps",
        help="Training steps (rounding adaround or trained).",
        when=("rounding", "adaround", "trained"),
    )


def learning_rate() -> Any:
    return fields.learning_rate(
        2e-2,
        "Peak, in quantization steps per update (rounding trained); it decays along a cosine. A code changes after half "
        "a step.",
        always=False,
    )


def _needs(step: Rounds) -> set[Need]:
    """Images where the step looks at any; labels and a loss where it trains with them."""
    labels = step.rounding == "trained" and step.label_weight > 0
    found: set[Need] = {"calibration"} if step.looks else set()
    return found | {"train", "loss"} if labels else found


NEEDS = needs_by(_needs)


def learning(step: Rounds) -> LearningSettings | None:
    """How the step trains what it stores; None if it does not."""
    if step.rounding != "trained":
        return None
    return LearningSettings(**shared(LearningSettings, step))


def images_for(step: Rounds, context: StepContext) -> list[FloatArray]:
    """The calibration images that the step looks at, or none. Raises RecipeError, DatasetError."""
    if not step.looks:
        return []
    return prepared(calibration_images(context.calibration, step.name), context.spec, step.images)


def float_layers(model: onnx.ModelProto, step: str) -> tuple[WeightLayer, ...]:
    """The layers whose weights can be coded. Raises RecipeError (code 'no_float_weights') if there are none."""
    layers = tuple(layer for layer in weight_layers(model) if layer.size >= 2 * layer.layout.rows)
    if not layers:
        raise RecipeError("no_float_weights", step=step)
    return layers


def approached(
    rows: FloatArray, visit: Visit | None, *, rounding: str, centred: bool, seed: int
) -> tuple[Doubles, Gram | None]:
    """The float weight to approximate, and the Gram matrix that weighs errors (None: every weight counts alike).

    `centred`: means are corrected afterwards, so only deviations from them count.
    """
    gram = None if visit is None or rounding == "nearest" else gram_of(visit, seed, centred=centred)
    return (rows.astype(np.float64) if gram is None else gram.refitted(rows)), gram


def rounded(
    weight: Doubles, grid: Grid, gram: Gram | None, zeros: BoolArray | None, rounding: str, steps: int
) -> Doubles:
    """Codes (rows, K) by one of ROUNDINGS ('trained' starts as compensated); nearest without a Gram matrix."""
    spread = grid.spread(*weight.shape)
    if gram is None:
        return nearest(weight, spread, zeros)
    if rounding == "adaround":
        return learned(weight, spread, gram, zeros, steps)
    return compensated(weight, spread, gram, zeros)


def coded_weight(layer: WeightLayer, codes: Doubles, grid: Grid, groups: int = 1) -> CodedWeight:
    """Codes with the grid that gives them meaning, `groups` scales per row; stored sparse where that is smaller."""
    scale = grid.scale if grid.scale.size == 1 else grid.scale.reshape(layer.layout.rows, groups)
    zero: Any = grid.zero
    if isinstance(zero, np.ndarray):
        zero = zero.reshape(scale.shape).astype(np.uint8)
    return CodedWeight(layer.layout, codes.astype(np.uint8), grid.levels, scale, zero=zero).sparsest()
