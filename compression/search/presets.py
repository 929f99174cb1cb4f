"""Ready-made lists of recipes, as data; each is cut to what a model and its data can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compression.recipe import Recipe
from compression.registry import Registry
from compression.steps.base import Need

StepJson = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preset:
    """A named list of recipes."""

    name: str
    recipes: tuple[dict[str, Any], ...]


PRESETS: Registry[Preset] = Registry("preset")


def fitting(preset: Preset, there: frozenset[Need]) -> tuple[list[Recipe], list[dict[str, Any]]]:
    """The recipes that need nothing but what is `there`, and the others: {title, needs: what is missing}."""
    recipes = [Recipe.from_json(recipe) for recipe in preset.recipes]
    missing = [sorted({need for step in recipe.steps for need in step.needs} - there) for recipe in recipes]
    fit = [recipe for recipe, lacks in zip(recipes, missing, strict=True) if not lacks]
    left_out = [
        {"title": recipe.title, "needs": lacks}
        for recipe, lacks in zip(recipes, missing, strict=True)
        if lacks
    ]
    return fit, left_out


def _recipe(name: str, *steps: StepJson) -> dict[str, Any]:
    return {"name": name, "steps": list(steps)}


def _magnitude(sparsity: float) -> StepJson:
    return {"step": "magnitude_pruning", "sparsity": sparsity}


def _channels(ratio: float) -> StepJson:
    return {"step": "channel_pruning", "ratio": ratio}


def _tune(steps: int, learning_rate: float = 5e-4) -> StepJson:
    return {"step": "fine_tuning", "steps": steps, "learning_rate": learning_rate}


def _int8(**parameters: Any) -> StepJson:
    return {"step": "static_int8", **parameters}


_FLOAT16: StepJson = {"step": "float16"}
# What onnxruntime's quantize_static does when nobody tells it better.
_NAIVE = _int8(calibration="minmax", per_channel=False, format="s8s8", reduce_range="off", keep_float="none")


def _with_recovery(
    magnitudes: Sequence[tuple[float, int, float]], channels: Sequence[tuple[float, int, float]]
) -> list[dict[str, Any]]:
    """Pruned by so much, without and with so many steps of fine-tuning at that rate, and then in int8.

    The recipes of one amount share their beginnings, which are computed once.
    """
    recipes = []
    kinds = (("magnitude", _magnitude, magnitudes), ("channels", _channels, channels))
    for kind, prune, amounts in kinds:
        for amount, steps, rate in amounts:
            name = f"{kind} {amount:.0%}"
            recipes += [
                _recipe(name, prune(amount)),
                _recipe(f"{name} + tuning", prune(amount), _tune(steps, rate)),
                _recipe(f"{name} + tuning + int8", prune(amount), _tune(steps, rate), _int8()),
            ]
    return recipes


PRESETS.add(
    Preset(
        "quick",
        (
            _recipe("float16", _FLOAT16),
            _recipe("int8", _int8()),
            _recipe("tuning alone", _tune(150)),
            *_with_recovery([(0.3, 300, 5e-4), (0.6, 200, 2e-3)], [(0.2, 200, 2e-3), (0.4, 250, 2e-3)]),
        ),
    )
)
PRESETS.add(
    Preset(
        "post-training",
        (
            _recipe("float16", _FLOAT16),
            _recipe("int8, naive", _NAIVE),
            _recipe("int8, everything", _int8(calibration="minmax", keep_float="none")),
            _recipe("int8, percentile", _int8(calibration="percentile")),
            _recipe("int8, entropy", _int8(calibration="entropy")),
            _recipe("int8, least error", _int8(calibration="mse")),
            _recipe("int8", _int8()),
            _recipe("int8, first float", _int8(keep_float="first_and_outputs")),
            _recipe("int8, first and depthwise float", _int8(keep_float="first_depthwise_and_outputs")),
        ),
    )
)
PRESETS.add(
    Preset(
        "sample",
        (
            _recipe("float16", _FLOAT16),
            _recipe("int8, naive", _NAIVE),
            _recipe("int8", _int8()),
            _recipe("tuning alone", _tune(500)),
            *_with_recovery(
                [(0.3, 400, 5e-4), (0.5, 400, 1e-3), (0.7, 500, 2e-3), (0.9, 800, 2e-3)],
                [(0.2, 500, 2e-3), (0.4, 800, 2e-3), (0.6, 1000, 2e-3)],
            ),
        ),
    )
)
