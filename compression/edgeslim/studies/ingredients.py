"""What presets are made of: steps with the parameters that are good in most cases, and recipes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeslim.studies.preset import StepJson, Variants


def recipe(name: str, *steps: StepJson) -> Variants:
    return ({"name": name, "steps": list(steps)},)


def magnitude(sparsity: float) -> StepJson:
    return {"step": "magnitude_pruning", "sparsity": sparsity}


def channels(share: float) -> StepJson:
    """Prune channels worth that share of the MACs, those with the least effect on the outputs, and refit the rest."""
    chosen = {"target": "macs", "importance": "taylor", "reconstruct": "always"}
    return {"step": "channel_pruning", "ratio": share, **chosen}


def low_rank(keep: float) -> StepJson:
    return {"step": "low_rank", "keep": keep}


def tune(steps: int, learning_rate: float = 5e-4) -> StepJson:
    return {"step": "fine_tuning", "steps": steps, "learning_rate": learning_rate}


def distil(steps: int) -> StepJson:
    return {"step": "distil_from_original", "steps": steps, "trainable": "all"}


def int8(**parameters: Any) -> StepJson:
    return {"step": "static_int8", **parameters}


def low_bit(bits: int, **parameters: Any) -> StepJson:
    return {"step": "low_bit_weights", "bits": bits, **parameters}


def mixed(bits: float) -> StepJson:
    return {"step": "mixed_low_bit_weights", "average_bits": bits}


def trained(step: StepJson, steps: int) -> tuple[StepJson, StepJson]:
    """A step that stores weights, trained with labels, and without."""
    learning = {**step, "steps": steps}
    return {**learning, "label_weight": 1.0}, learning


FLOAT16: StepJson = {"step": "float16"}
MATCH: StepJson = {"step": "match_statistics"}
ROBUST: StepJson = {"step": "robust_int8"}
CODEBOOK: StepJson = {"step": "weight_clustering", "values": 16}
MIXED = mixed(3.5)
BINARY = low_bit(1, scheme="binary")
CHANNELS_BY_L2 = {**channels(0.6), "importance": "l2", "reconstruct": "never"}
TERNARY = low_bit(2, scheme="ternary")
FAST: StepJson = {"step": "robust_int8", "latency": 0.6}
AWARE = trained({"step": "quantization_aware_training"}, 100)
FOUR_BITS = trained(low_bit(4, rounding="trained"), 200)
# What onnxruntime's quantize_static does by default.
NAIVE = int8(calibration="minmax", per_channel=False, format="s8s8", reduce_range="off", keep_float="none")


def with_recovery(
    weights: Sequence[tuple[float, int, float]], whole: Sequence[tuple[float, int, float]]
) -> list[Variants]:
    """Pruned by each amount, without and with that many steps of fine-tuning at that rate, and then in int8.

    The recipes of one amount share prefixes, which are computed once.
    """
    recipes = []
    kinds = (("magnitude", magnitude, weights), ("channels", channels, whole))
    for kind, prune, amounts in kinds:
        for amount, steps, rate in amounts:
            name = f"{kind} {amount:.0%}"
            recipes += [
                recipe(name, prune(amount)),
                recipe(f"{name} + tuning", prune(amount), tune(steps, rate)),
                recipe(f"{name} + tuning + int8", prune(amount), tune(steps, rate), int8()),
            ]
    return recipes


def alone(name: str, storing: tuple[StepJson, StepJson]) -> Variants:
    return recipe(name, storing[0]) + recipe(name, storing[1])


def recovered(
    name: str,
    cuts: Sequence[StepJson],
    steps: int,
    then: str = "",
    storing: tuple[StepJson, StepJson] | None = None,
) -> Variants:
    """Cut, fine-tuned with labels or else distilled without them, and stored if it is said how."""
    end, last = (f" + {then}", storing) if storing else ("", ((), ()))
    with_labels, without = ([step] if step else [] for step in last)
    tuned = recipe(f"{name} + tuning{end}", *cuts, tune(steps, 2e-3), *with_labels)
    return tuned + recipe(f"{name} + distilled{end}", *cuts, MATCH, distil(steps), *without)


def with_and_without(name: str, cut: StepJson, steps: int) -> tuple[Variants, Variants]:
    """Cut and left so, and cut and recovered."""
    return recipe(name, cut), recovered(name, [cut], steps)


SMALL_AND_FAST = (
    recipe("mixed bits + int8", MIXED, FAST),
    recipe("mixed bits, 2.5 + int8", mixed(2.5), FAST),
)
SAMPLE_CHANNELS = ((0.2, 500, 2e-3), (0.4, 800, 2e-3), (0.6, 1000, 2e-3))
