"""The rule of prediction is exact where its assumptions hold, and wrong, as it says, where they do not."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

from edgeslim.analysis.activations import observe
from edgeslim.analysis.predictions import predictable, predicted_error, weighted
from edgeslim.analysis.probing import layer_sensitivity, reach
from edgeslim.analysis.techniques import TECHNIQUES
from edgeslim.steps.onnx_layers.layers import array_of, weight_layers
from example_networks import NETWORKS
from low_bit_networks import inputs, model_of, network


def predicted(
    model: onnx.ModelProto, images: list[np.ndarray], technique: str, strength: float
) -> dict[str, float]:
    layers = weight_layers(model)
    seen, reached = observe(model, layers, images), reach(model, layers)
    return {
        layer.name: predicted_error(
            layer,
            array_of(model, layer.name),
            seen[layer.name],
            reached[layer.name],
            TECHNIQUES.get(technique),
            strength,
        )
        for layer in layers
        if predictable(layer)
    }


def noise(count: int) -> list[np.ndarray]:
    """Inputs whose channels and places are independent and have no mean: what the rule assumes."""
    random = np.random.default_rng(0)
    return [random.normal(size=(1, 3, 16, 16)).astype(np.float32) for _ in range(count)]


@pytest.mark.parametrize(
    ("technique", "strength"),
    [
        ("magnitude_pruning", 0.3),
        ("magnitude_pruning", 0.9),
        ("low_bit_weights", 3),
        ("low_rank", 0.5),
        ("weight_clustering", 4),
        ("int8_activations", 4),
    ],
)
def test_the_rule_is_right_for_one_layer_on_uncorrelated_inputs(technique: str, strength: float) -> None:
    kernel = np.random.default_rng(1).normal(size=(12, 3, 3, 3))
    model = model_of([helper.make_node("Conv", ["image", "w"], ["scores"], pads=[0] * 4)], {"w": kernel})
    images = noise(12)
    measured = layer_sensitivity(model, images, {technique: (strength,)})[technique, float(strength)]["w"]
    assert predicted(model, images, technique, strength)["w"] == pytest.approx(measured, rel=0.1)


def test_groups_are_weighted_by_their_own_inputs() -> None:
    """Two groups of two channels; one row each. Row 0 meets powers 1 and 2, row 1 meets 3 and 4."""
    kernel = np.ones((2, 2, 1, 2))
    nodes = [helper.make_node("Conv", ["x", "w"], ["scores"], group=2)]
    layer = weight_layers(model_of(nodes, {"w": kernel}))[0]
    squares = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 10.0]])
    found = weighted(layer, squares, np.array([1.0, 2.0, 3.0, 4.0]))
    assert found.tolist() == [3 * 1 + 7 * 2, 1 * 3 + 10 * 4]


def test_correlated_inputs_are_not_foreseen() -> None:
    """All channels alike: what pruning takes away adds up, and the measured error is far from the promise."""
    images = [np.repeat(image[:, :1], 3, axis=1) for image in noise(12)]
    model = model_of(
        [helper.make_node("Conv", ["image", "w"], ["scores"])],
        {"w": np.array([[[[1.0]], [[0.9]], [[-1.5]]]])},
    )
    measured = layer_sensitivity(model, images, {"magnitude_pruning": (0.3,)})["magnitude_pruning", 0.3]["w"]
    promised = predicted(model, images, "magnitude_pruning", 0.3)["w"]
    assert promised == pytest.approx(0.81 / 0.16, rel=0.05)
    assert measured == pytest.approx(0.81 / 0.16, rel=0.05)
    half = layer_sensitivity(model, images, {"magnitude_pruning": (0.6,)})["magnitude_pruning", 0.6]["w"]
    assert half == pytest.approx((1.9 / 0.4) ** 2, rel=0.05)
    assert predicted(model, images, "magnitude_pruning", 0.6)["w"] == pytest.approx(1.81 / 0.16, rel=0.05)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_predictions_that_grow_with_strength(name: str) -> None:
    model, images = network(name), inputs(3)
    mild, strong = (predicted(model, images, "low_bit_weights", bits) for bits in (8, 2))
    layers = weight_layers(model)
    assert len(mild) == sum(layer.op not in ("GRU", "LSTM", "RNN") for layer in layers) > 0
    assert all(0 < mild[layer] < strong[layer] < np.inf for layer in mild)
