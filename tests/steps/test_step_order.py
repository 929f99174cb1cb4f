"""Orders of steps: what is refused and why, what is proposed instead, and that sensible orders pass."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from edgeslim.errors import RecipeError
from edgeslim.steps import STEPS, Step
from edgeslim.steps.clustering import WeightClustering
from edgeslim.steps.low_rank import LowRank
from edgeslim.steps.order import check, clash, repaired
from edgeslim.steps.pruning import ChannelPruning, MagnitudePruning
from edgeslim.steps.quantization import Float16, LowBitWeights, MixedLowBitWeights, StaticInt8
from edgeslim.steps.quantization.quantization_aware import QuantizationAwareTraining
from edgeslim.steps.quantization.robust_int8 import RobustInt8
from edgeslim.steps.recovery import DistilFromOriginal, FineTuning, MatchStatistics

CHANNELS, ZEROS, RANKS = ChannelPruning(), MagnitudePruning(), LowRank()
TUNE, DISTIL, MATCH = FineTuning(), DistilFromOriginal(), MatchStatistics()
HALF, INT8, PALETTE, LOW_BIT = Float16(), StaticInt8(), WeightClustering(), LowBitWeights()
ROBUST, MIXED, AWARE = RobustInt8(), MixedLowBitWeights(), QuantizationAwareTraining()


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (TUNE,),
        (DistilFromOriginal(label_weight=1.0),),
        (ZEROS, TUNE, PALETTE),
        (ZEROS, LOW_BIT),
        (LOW_BIT, ROBUST),
        (ZEROS, TUNE, MIXED, ROBUST),
        (ZEROS, TUNE, ZEROS, TUNE),
        (CHANNELS, MATCH, DISTIL, INT8),
        (CHANNELS, RANKS, DISTIL, LOW_BIT),
        (RANKS, CHANNELS, TUNE),
        (RANKS, ZEROS),
        (ZEROS, CHANNELS),
    ],
    ids=lambda steps: "+".join(step.name for step in steps) or "nothing",
)
def test_sensible_orders_pass_and_stay_as_they_are(steps: tuple[Step, ...]) -> None:
    check(steps)
    assert repaired(steps) == steps


@pytest.mark.parametrize(
    ("steps", "code", "mended"),
    [
        ((INT8, TUNE), "step_order", (TUNE, INT8)),
        ((PALETTE, CHANNELS, TUNE), "step_order", (CHANNELS, TUNE, PALETTE)),
        ((LOW_BIT, ZEROS), "step_order", (ZEROS, LOW_BIT)),
        ((HALF, INT8), "quantized_twice", (INT8,)),
        ((INT8, HALF), "quantized_twice", (INT8,)),
        ((PALETTE, INT8), "quantized_twice", (INT8,)),
        ((HALF, LOW_BIT), "quantized_twice", (LOW_BIT,)),
        ((ROBUST, LOW_BIT), "quantized_twice", (LOW_BIT, ROBUST)),
        ((HALF, LOW_BIT, ROBUST), "quantized_twice", (LOW_BIT, ROBUST)),
        ((MIXED, LOW_BIT, ROBUST), "quantized_twice", (LOW_BIT, ROBUST)),
        ((LOW_BIT, AWARE), "quantized_twice", (AWARE,)),
        ((LOW_BIT, ROBUST, TUNE), "step_order", (TUNE, LOW_BIT, ROBUST)),
        ((ZEROS, TUNE, RANKS), "order_zeros", (RANKS, ZEROS, TUNE)),
        ((MATCH, CHANNELS, INT8), "recovers_too_early", (CHANNELS, MATCH, INT8)),
        ((MATCH, INT8), "recovers_too_early", (INT8,)),
        ((DISTIL, CHANNELS), "recovers_too_early", (CHANNELS, DISTIL)),
        ((INT8, CHANNELS, HALF, TUNE), "step_order", (CHANNELS, TUNE, INT8)),
    ],
    ids=lambda value: "+".join(step.name for step in value) if isinstance(value, tuple) else value,
)
def test_a_senseless_order_is_refused_with_reason_and_repair(
    steps: tuple[Step, ...], code: str, mended: tuple[Step, ...]
) -> None:
    with pytest.raises(RecipeError) as caught:
        check(steps)
    assert caught.value.code == code
    assert repaired(steps) == mended
    names = [step.name for step in mended]
    assert caught.value.values["repaired"] == ", ".join(names)
    assert ", ".join(names) in str(caught.value)


def test_recovering_nothing_is_refused_and_cannot_be_repaired() -> None:
    assert repaired((MATCH,)) is None
    with pytest.raises(RecipeError) as caught:
        check((MATCH, MATCH))
    assert caught.value.code == "nothing_to_recover"
    assert caught.value.values == {"step": "match_statistics"}


def test_a_repair_keeps_parameters() -> None:
    assert repaired((StaticInt8(images=8), MagnitudePruning(sparsity=0.9))) == (
        MagnitudePruning(sparsity=0.9),
        StaticInt8(images=8),
    )


def test_every_two_steps_have_a_sound_order_that_repair_finds() -> None:
    for first, second in product(STEPS, repeat=2):
        steps = (first(), second())
        mended = repaired(steps)
        if clash(steps) is None:
            assert mended == steps
        elif mended is None:
            assert first.recovers and second.recovers
        else:
            assert clash(mended) is None
            assert set(mended) <= set(steps)


def test_repair_of_any_order_keeps_every_step_that_has_a_place() -> None:
    for steps in permutations((ZEROS, RANKS, MATCH, TUNE, INT8)):
        mended = repaired(steps)
        assert mended is not None
        assert clash(mended) is None
        assert sorted(step.name for step in mended) == sorted(step.name for step in steps)
