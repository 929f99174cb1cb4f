"""Ready-made lists of recipes, as data; each is cut to what a model and its data can take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeslim.studies.preset import PRESETS as PRESETS
from edgeslim.studies.preset import Preset, StepJson, Variants
from edgeslim.studies.preset import fitting as fitting


def _recipe(name: str, *steps: StepJson) -> Variants:
    return ({"name": name, "steps": list(steps)},)


def _magnitude(sparsity: float) -> StepJson:
    return {"step": "magnitude_pruning", "sparsity": sparsity}


def _channels(share: float) -> StepJson:
    """Prune channels worth that share of the MACs, those with the least effect on the outputs, and refit the rest."""
    chosen = {"target": "macs", "importance": "taylor", "reconstruct": "always"}
    return {"step": "channel_pruning", "ratio": share, **chosen}


def _low_rank(keep: float) -> StepJson:
    return {"step": "low_rank", "keep": keep}


def _tune(steps: int, learning_rate: float = 5e-4) -> StepJson:
    return {"step": "fine_tuning", "steps": steps, "learning_rate": learning_rate}


def _distil(steps: int) -> StepJson:
    return {"step": "distil_from_original", "steps": steps, "trainable": "all"}


def _int8(**parameters: Any) -> StepJson:
    return {"step": "static_int8", **parameters}


def _low_bit(bits: int, **parameters: Any) -> StepJson:
    return {"step": "low_bit_weights", "bits": bits, **parameters}


def _mixed(bits: float) -> StepJson:
    return {"step": "mixed_low_bit_weights", "average_bits": bits}


def _trained(step: StepJson, steps: int) -> tuple[StepJson, StepJson]:
    """A step that stores weights, trained with labels, and without."""
    learning = {**step, "steps": steps}
    return {**learning, "label_weight": 1.0}, learning


_FLOAT16: StepJson = {"step": "float16"}
_MATCH: StepJson = {"step": "match_statistics"}
_ROBUST: StepJson = {"step": "robust_int8"}
_CODEBOOK: StepJson = {"step": "weight_clustering", "values": 16}
_MIXED = _mixed(3.5)
_BINARY = _low_bit(1, scheme="binary")
_TERNARY = _low_bit(2, scheme="ternary")
_FAST: StepJson = {"step": "robust_int8", "latency": 0.6}
_AWARE = _trained({"step": "quantization_aware_training"}, 100)
_FOUR_BITS = _trained(_low_bit(4, rounding="trained"), 200)
# What onnxruntime's quantize_static does by default.
_NAIVE = _int8(calibration="minmax", per_channel=False, format="s8s8", reduce_range="off", keep_float="none")


def _with_recovery(
    magnitudes: Sequence[tuple[float, int, float]], channels: Sequence[tuple[float, int, float]]
) -> list[Variants]:
    """Pruned by each amount, without and with that many steps of fine-tuning at that rate, and then in int8.

    The recipes of one amount share prefixes, which are computed once.
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


def _alone(name: str, storing: tuple[StepJson, StepJson]) -> Variants:
    return _recipe(name, storing[0]) + _recipe(name, storing[1])


def _recovered(
    name: str,
    cuts: Sequence[StepJson],
    steps: int,
    then: str = "",
    storing: tuple[StepJson, StepJson] | None = None,
) -> Variants:
    """Cut, fine-tuned with labels or else distilled without them, and stored if it is said how."""
    end, last = (f" + {then}", storing) if storing else ("", ((), ()))
    with_labels, without = ([step] if step else [] for step in last)
    tuned = _recipe(f"{name} + tuning{end}", *cuts, _tune(steps, 2e-3), *with_labels)
    return tuned + _recipe(f"{name} + distilled{end}", *cuts, _MATCH, _distil(steps), *without)


_SMALL_AND_FAST = (
    _recipe("mixed bits + int8", _MIXED, _FAST),
    _recipe("mixed bits, 2.5 + int8", _mixed(2.5), _FAST),
)
_SAMPLE_CHANNELS = ((0.2, 500, 2e-3), (0.4, 800, 2e-3), (0.6, 1000, 2e-3))
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
            _recipe("int8, robust", _ROBUST),
            _recipe("6 bits", _low_bit(6)),
            _recipe("4 bits", _low_bit(4)),
            _recipe("mixed bits", _MIXED),
            _recipe("mixed bits + int8, robust", _MIXED, _ROBUST),
            _recipe("codebook of 16", _CODEBOOK),
        ),
    )
)
PRESETS.add(
    Preset(
        "label-free",
        (
            _recipe("int8, robust", _ROBUST),
            _recipe("int8, trained", _AWARE[1]),
            _recipe("mixed bits", _MIXED),
            _recipe("4 bits, trained", _FOUR_BITS[1]),
            *(
                _recipe(f"{name} + {recovery}", cut, *steps)
                for name, cut in (
                    ("magnitude 40%", _magnitude(0.4)),
                    ("magnitude 60%", _magnitude(0.6)),
                    ("channels 10%", _channels(0.1)),
                    ("channels 20%", _channels(0.2)),
                    ("low rank 30%", _low_rank(0.7)),
                )
                for recovery, steps in (("statistics", [_MATCH]), ("distilled", [_MATCH, _distil(300)]))
            ),
            _recipe("channels 20% + distilled + int8, robust", _channels(0.2), _MATCH, _distil(300), _ROBUST),
            _recipe(
                "magnitude 60% + distilled + codebook of 16", _magnitude(0.6), _MATCH, _distil(300), _CODEBOOK
            ),
        ),
    )
)
PRESETS.add(
    Preset(
        "deep-compression",
        (
            _recipe("tuning alone", _tune(500)),
            _recipe("codebook of 16", _CODEBOOK),
            *(
                _recovered(
                    f"magnitude {sparsity:.0%}",
                    [_magnitude(sparsity)],
                    steps,
                    "codebook of 16",
                    (_CODEBOOK, _CODEBOOK),
                )
                for sparsity, steps in ((0.4, 300), (0.6, 300), (0.7, 400), (0.8, 500), (0.9, 800))
            ),
        ),
    )
)
PRESETS.add(
    Preset(
        "edge-int8",
        (
            _recipe("tuning alone", _tune(500)),
            _recipe("int8, robust", _ROBUST),
            _alone("int8, trained", _AWARE),
            *(
                _recovered(f"channels {ratio:.0%}", [_channels(ratio)], steps, name, storing)
                for ratio, steps in ((0.1, 300), (0.2, 500), (0.4, 800), (0.6, 1000))
                for name, storing in (("int8, robust", (_ROBUST, _ROBUST)), ("int8, trained", _AWARE))
            ),
        ),
    )
)
PRESETS.add(
    Preset(
        "techniques",
        (
            _recipe("float16", _FLOAT16),
            _recipe("int8", _int8()),
            _recipe("mixed bits", _MIXED),
            _recipe("codebook of 16", _CODEBOOK),
            *_SMALL_AND_FAST,
            _recipe("int8, robust", _ROBUST),
            _recipe("low rank 30%", _low_rank(0.7)),
            *(_recovered(f"low rank {1 - keep:.0%}", [_low_rank(keep)], 200) for keep in (0.7, 0.5)),
            *(_recovered(f"channels {r:.0%}", [_channels(r)], 200) for r in (0.2, 0.4)),
            _recovered("magnitude 50%", [_magnitude(0.5)], 200),
        ),
    )
)
PRESETS.add(
    Preset(
        "tiny",
        (
            _recipe("tuning alone", _tune(500)),
            _recipe("4 bits", _low_bit(4)),
            _alone("4 bits, trained", _FOUR_BITS),
            *(
                _recovered(
                    f"channels {ratio:.0%} + low rank {1 - keep:.0%}",
                    [_channels(ratio), _low_rank(keep)],
                    steps,
                    name,
                    storing,
                )
                for ratio, keep, steps in ((0.2, 0.8, 500), (0.4, 0.7, 800), (0.6, 0.6, 1000))
                for name, storing in (("4 bits", (_low_bit(4), _low_bit(4))), ("4 bits, trained", _FOUR_BITS))
            ),
        ),
    )
)
PRESETS.add(
    Preset(
        "one-bit",
        (
            _recipe("binary", _BINARY),
            _alone("binary, trained", _trained(_low_bit(1, scheme="binary", rounding="trained"), 400)),
            _recipe("ternary", _TERNARY),
            _alone("ternary, trained", _trained(_low_bit(2, scheme="ternary", rounding="trained"), 400)),
            _recipe("2 bits", _low_bit(2)),
            _alone("2 bits, trained", _trained(_low_bit(2, rounding="trained"), 400)),
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
            _recipe("mixed bits", _MIXED),
            *_SMALL_AND_FAST,
            *_with_recovery(
                [(0.3, 400, 5e-4), (0.5, 400, 1e-3), (0.7, 500, 2e-3), (0.9, 800, 2e-3)],
                _SAMPLE_CHANNELS,
            ),
            _recipe("low rank 30% + tuning", _low_rank(0.7), _tune(500, 2e-3)),
            _recipe(
                "low rank 30% + tuning + mixed bits + int8", _low_rank(0.7), _tune(500, 2e-3), _MIXED, _FAST
            ),
            _recipe("mixed bits, 2", _mixed(2.0)),
            _recipe("binary", _BINARY),
            *(
                _recipe(
                    f"channels {ratio:.0%} + tuning + {then}", _channels(ratio), _tune(steps, rate), *storing
                )
                for ratio, steps, rate in _SAMPLE_CHANNELS
                for then, storing in (
                    ("mixed bits, 2.5", [_mixed(2.5)]),
                    ("mixed bits, 2 + int8", [_mixed(2.0), _FAST]),
                )
            ),
            *(
                _recipe(f"channels 60% + tuning + {then}", _channels(0.6), _tune(1000, 2e-3), storing)
                for then, storing in (("ternary", _TERNARY), ("binary", _BINARY))
            ),
        ),
    )
)
