"""What the pictures that move are given."""

from __future__ import annotations

import numpy as np
import pytest

from edgeslim.lessons.base import MeasuredOn, Outcome
from edgeslim.lessons.live import (
    Activation,
    Array,
    Entropy,
    Example,
    Live,
    LowRank,
    Quantize,
    Softening,
    Threshold,
)
from edgeslim.records import decoded, encoded

WEIGHTS = {
    "first": np.random.default_rng(1).normal(0, 0.5, (8, 3, 3, 3)).astype(np.float32),
    "second": np.random.default_rng(2).normal(0, 0.1, (10, 48)).astype(np.float32),
}
ARRAY = Array.of("first", WEIGHTS["first"])
PICTURES: tuple[Live, ...] = (
    Threshold.of(WEIGHTS, ("second",), [(0.5, 1000.0)]),
    Quantize(layers=(ARRAY,), weights=696, file=4000),
    Entropy(layers=(ARRAY,), coder="zstd", bits=(1, 8), coded=((40.0, 200.0),)),
    LowRank(matrices=(Array.of("second", WEIGHTS["second"]),)),
    Softening(labels=("0", "1"), examples=(Example(picture=ARRAY, logits=(0.0, 2.5), label=1),)),
    Activation(layers=(ARRAY,)),
)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda one: type(one).__name__)
def test_a_picture_survives_being_kept(picture: Live) -> None:
    outcome = Outcome(facts={}, views=(picture,), on=MeasuredOn())
    assert decoded(Outcome, encoded(outcome)) == outcome


def test_arrays_keep_three_figures() -> None:
    assert ARRAY.numbers.shape == (8, 3, 3, 3)
    np.testing.assert_allclose(ARRAY.numbers, WEIGHTS["first"], rtol=2**-11)


def test_each_position_of_the_slider_prunes_its_share() -> None:
    found = Threshold.of(WEIGHTS, ("second",))
    total = sum(layer.weights for layer in found.network)
    assert total == 696 and len(found.thresholds) == 101
    for place, threshold in enumerate(found.thresholds):
        zeros = sum(layer.below[place] for layer in found.network)
        assert abs(zeros / total - place / 100) < 0.005
        assert found.network[1].below[place] == (np.abs(found.layers[0].numbers) < threshold).sum()
    assert found.network[1].below[50] / 480 > 0.6 > found.network[0].below[50] / 216
