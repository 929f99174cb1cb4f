"""Bits go where they help: allocation is optimal, budgets hold, choices are told."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edgeslim.errors import InfeasibleError
from edgeslim.export.packed import unpacked
from edgeslim.steps.onnx_layers.layers import array_of, weight_layers
from edgeslim.steps.onnx_layers.sensitivity import disturbances
from edgeslim.steps.quantization.low_bit import LowBitWeights
from edgeslim.steps.quantization.mixed_low_bit import MixedLowBitWeights
from edgeslim.steps.quantization.precision_options import STEPS, WIDTHS, allocate
from example_networks import RandomImages
from low_bit_networks import (
    IMAGES,
    applied,
    context,
    inputs,
    network,
    noise_db,
    outputs,
    pruned,
    weights,
)


def best_by_trying(costs: list[np.ndarray], losses: list[np.ndarray], budget: float) -> float:
    sums = [
        sum(loss[i] for loss, i in zip(losses, choice, strict=True))
        for choice in itertools.product(*(range(len(cost)) for cost in costs))
        if sum(cost[i] for cost, i in zip(costs, choice, strict=True)) <= budget
    ]
    return min(sums)


def test_allocation_is_as_good_as_trying_everything() -> None:
    random = np.random.default_rng(0)
    gaps = []
    for _ in range(30):
        costs = [np.arange(2, 7) * float(random.integers(1, 50)) for _ in range(5)]
        losses = [random.uniform(0.1, 10) * 4.0 ** -np.arange(5) for _ in range(5)]
        budget = sum(float(random.choice(cost)) for cost in costs)
        chosen = allocate(costs, losses, budget)
        assert chosen is not None
        assert sum(cost[i] for cost, i in zip(costs, chosen, strict=True)) <= budget
        loss = sum(float(loss[i]) for loss, i in zip(losses, chosen, strict=True))
        gaps.append(loss / best_by_trying(costs, losses, budget))
    assert np.median(gaps) < 1.02
    assert max(gaps) < 1.5


def test_allocation_tells_when_even_the_least_costs_too_much() -> None:
    options = [np.array([2.0, 4.0])]
    assert allocate(options, [np.array([1.0, 0.1])], 1.9) is None
    assert allocate(options, [np.array([1.0, 0.1])], 2.0) == [0]
    assert allocate(options, [np.array([1.0, 0.1])], 4.0) == [1]


def test_disturbance_is_the_relative_error_at_the_last_layers() -> None:
    """Doubling the last layer's weight without bias doubles its logits: the error is their power over their variance."""
    model = network("mlp")
    last = weight_layers(model)[-1]
    assert last.bias is not None
    weight, bias = array_of(model, last.name), array_of(model, last.bias)
    images = inputs(16)
    found = disturbances(model, [last], {last.name: {last.name: weight * 2, last.bias: bias}}, images)
    logits = np.stack(outputs_of(model, images)) - bias
    expected = np.mean(np.square(logits).mean(0) / np.maximum(logits.var(0), logits.var(0).mean() * 1e-3))
    assert found[last.name] == pytest.approx(expected, rel=1e-4)


def outputs_of(model, images):
    from edgeslim.export.onnx import to_bytes
    from edgeslim.models.proof import run

    return [parts[0][0].astype(np.float64) for parts in run(to_bytes(model), images)]


@pytest.mark.parametrize("measure", ["download", "file"])
def test_budget_holds_and_choices_are_told(measure: str) -> None:
    result, told = applied(MixedLowBitWeights(average_bits=4.0, measure=measure), "residual_concat_pyramid")
    info = told.info
    key = "average_entropy" if measure == "download" else "average_bits"
    assert 3.5 < info[key] < 4.15
    widths = {line["bits"] for line in info["layers"]}
    assert len(widths) > 1
    if measure == "file":
        assert widths <= set(WIDTHS)
    else:
        assert {line["step"] for line in info["layers"]} <= {round(step, 4) for step in STEPS}
    assert all(line["sensitivity"] > 0 for line in info["layers"])
    for packed, float32 in zip(outputs(result), outputs(unpacked(result)), strict=True):
        assert np.array_equal(packed, float32)


@pytest.mark.parametrize("name", ["plain_cnn", "residual_concat_pyramid", "depthwise_se"])
def test_more_budget_means_less_expected_and_less_real_error(name: str) -> None:
    expected, real = [], []
    for bits in (2.5, 4.0, 6.0):
        told = context(name, RandomImages(32))
        result = MixedLowBitWeights(average_bits=bits).apply(network(name), told)
        expected.append(told.info["expected_error"])
        real.append(noise_db(network(name), result))
    assert expected[0] > 2 * expected[1] > 4 * expected[2]
    assert real[0] < real[1] < real[2]


def test_mixed_widths_beat_one_width_of_the_same_size() -> None:
    gains = []
    for name in ("plain_cnn", "residual_concat_pyramid", "depthwise_se"):
        mixed, told = applied(MixedLowBitWeights(average_bits=4.0, measure="file"), name)
        same, plain = applied(LowBitWeights(bits=4, first_last_bits=0, depthwise_bits=0), name)
        assert told.info["average_bits"] <= plain.info["average_bits"] + 1e-9
        gains.append(noise_db(network(name), mixed) - noise_db(network(name), same))
    assert np.mean(gains) > 1


def test_layer_with_more_inputs_than_images_is_not_taken_for_insensitive() -> None:
    """A classifier of 512 inputs can be rounded so that the twelve images it is seen on hardly notice."""
    _, told = applied(MixedLowBitWeights(average_bits=3.0, measure="file"), "plain_cnn")
    sensitivity = [line["sensitivity"] for line in told.info["layers"]]
    assert sensitivity[-1] > 0.2 * max(sensitivity)


def test_bytes_store_the_same_weights_as_fields() -> None:
    fields, bytes_ = (
        applied(MixedLowBitWeights(average_bits=3.0, storage=storage), "plain_cnn")[0]
        for storage in ("packed", "bytes")
    )
    for left, right in zip(outputs(fields), outputs(bytes_), strict=True):
        assert np.array_equal(left, right)


def test_unreachable_budget_is_refused_with_what_can_be_reached() -> None:
    with pytest.raises(InfeasibleError) as caught:
        MixedLowBitWeights(average_bits=1.5, measure="file").apply(network("mlp"), context(images=IMAGES))
    assert caught.value.code == "bits_unreachable"
    assert caught.value.values["reachable"] == pytest.approx(2.0)


@pytest.mark.parametrize("measure", ["download", "file"])
def test_zeros_of_a_pruned_network_stay_zeros_and_cost_little(measure: str) -> None:
    model = pruned("plain_cnn", 0.8)
    told = context()
    result = MixedLowBitWeights(average_bits=2.0, measure=measure).apply(model, told)
    originals = weights(model)
    for name, array in weights(result).items():
        assert not array[originals[name] == 0].any()
    assert told.info["average_bits" if measure == "file" else "average_entropy"] < 2.1
    assert noise_db(model, result) > 24
