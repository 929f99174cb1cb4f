"""One layer changed at a time: only that layer, the right outputs, and figures that mean something."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from edgeslim.analysis.activations import observe
from edgeslim.analysis.probing import head_outputs, layer_sensitivity, reach
from edgeslim.analysis.suffixes import suffixes
from edgeslim.analysis.techniques import TECHNIQUES, fake_quantized, parsed, rank_at
from edgeslim.errors import EdgeSlimError
from edgeslim.export.onnx import to_bytes
from edgeslim.models.proof import run
from edgeslim.steps.onnx_layers.layers import weight_layers
from example_networks import NETWORKS
from low_bit_networks import inputs, model_of, network

IMAGES = inputs(3)


def with_weight(model: onnx.ModelProto, name: str, value: np.ndarray) -> onnx.ModelProto:
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for item in changed.graph.initializer:
        if item.name == name:
            item.CopyFrom(numpy_helper.from_array(value, name))
    return changed


@pytest.mark.parametrize("name", NETWORKS)
def test_a_suffix_gives_what_the_whole_changed_network_gives(name: str) -> None:
    model = network(name)
    layers = weight_layers(model)
    outputs = [item.name for item in model.graph.output]
    met = []
    for suffix in suffixes(model, layers, IMAGES, outputs):
        met.append(suffix.layer.name)
        changed = suffix.weight * np.float32(0.5)
        found = suffix.run(changed)
        expected = run(to_bytes(with_weight(model, suffix.layer.name, changed)), IMAGES)
        for k, output in enumerate(outputs):
            for image, values in enumerate(expected):
                given = found[output][image] if output in found else run(to_bytes(model), IMAGES)[image][k]
                np.testing.assert_allclose(given, values[k], atol=2e-6, rtol=1e-4)
    assert met == [layer.name for layer in layers]


def test_a_layers_input_is_changed_for_that_layer_alone() -> None:
    """Two layers read one tensor: rounding what the second reads leaves the first as it was."""
    eye = np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)
    nodes = [
        helper.make_node("Conv", ["image", "stem"], ["x"]),
        helper.make_node("Conv", ["x", "left"], ["a"]),
        helper.make_node("Conv", ["x", "right"], ["b"]),
        helper.make_node("Sub", ["a", "b"], ["scores"]),
    ]
    model = model_of(nodes, {"stem": eye, "left": eye, "right": eye})
    right = next(
        s for s in suffixes(model, weight_layers(model), IMAGES, ["scores"]) if s.layer.name == "right"
    )
    (found,) = right.run(inputs=[item * np.float32(0) for item in right.inputs[:1]] + right.inputs[1:])[
        "scores"
    ][:1]
    np.testing.assert_allclose(found, IMAGES[0], atol=1e-6)


def dead_and_alive() -> onnx.ModelProto:
    """A layer whose output is multiplied by nothing beside one that decides all."""
    random = np.random.default_rng(0)
    kernels = [
        random.normal(size=(8, 3, 3, 3)),
        random.normal(size=(8, 3, 3, 3)),
        random.normal(size=(4, 8, 1, 1)),
    ]
    nodes = [
        helper.make_node("Conv", ["image", "alive"], ["a"]),
        helper.make_node("Conv", ["image", "dead"], ["d"]),
        helper.make_node("Mul", ["d", "nothing"], ["gone"]),
        helper.make_node("Add", ["a", "gone"], ["sum"]),
        helper.make_node("Conv", ["sum", "head"], ["scores"]),
    ]
    stored = dict(zip(("alive", "dead", "head"), kernels, strict=True))
    return model_of(nodes, {**stored, "nothing": np.zeros(1)})


def test_a_dead_layer_is_the_most_insensitive_to_everything() -> None:
    for pair, errors in layer_sensitivity(dead_and_alive(), IMAGES).items():
        assert errors["dead"] == 0.0, pair
        if pair != ("int8_activations", 8):
            assert min(error for name, error in errors.items() if name != "dead") > 1e-5, pair


def test_stronger_is_worse_and_nothing_is_nothing() -> None:
    model = network("plain_cnn")
    found = layer_sensitivity(
        model,
        IMAGES,
        {"low_bit_weights": (8, 4, 2), "magnitude_pruning": (0.0, 0.9), "weight_clustering": (256,)},
    )
    for layer in weight_layers(model):
        eight, four, two = (found["low_bit_weights", float(bits)][layer.name] for bits in (8, 4, 2))
        assert 0 < eight < four < two
        assert found["magnitude_pruning", 0.0][layer.name] == 0.0
        assert found["magnitude_pruning", 0.9][layer.name] > 0.01


def test_an_error_of_one_is_as_wrong_as_the_mean() -> None:
    """A head that says its own mean everywhere has an error of 1 in each channel."""
    kernel = np.random.default_rng(0).normal(size=(4, 3, 1, 1))
    model = model_of(
        [helper.make_node("Conv", ["image", "w", "b"], ["scores"])], {"w": kernel, "b": np.zeros(4)}
    )
    zero_mean = [image - image.mean(axis=(2, 3), keepdims=True) for image in IMAGES]
    found = layer_sensitivity(model, zero_mean, {"magnitude_pruning": (1.0,)})
    assert found["magnitude_pruning", 1.0]["w"] == pytest.approx(1.0, rel=0.02)


def test_blocks_of_images_give_the_same_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    model, images = network("residual_concat_pyramid"), inputs(5)
    whole = layer_sensitivity(model, images, {"low_bit_weights": (3,), "int8_activations": (4,)})
    monkeypatch.setattr("edgeslim.analysis.probing.BLOCK", 2)
    blocks = layer_sensitivity(model, images, {"low_bit_weights": (3,), "int8_activations": (4,)})
    for pair, errors in whole.items():
        assert blocks[pair] == pytest.approx(errors, rel=1e-4)


def test_a_layer_reaches_only_the_heads_behind_it() -> None:
    model = network("residual_concat_pyramid")
    layers = weight_layers(model)
    reached = reach(model, layers)
    assert len(head_outputs(model, layers)) == 2
    by_shape = {layer.shape: reached[layer.name] for layer in layers}
    assert by_shape[(16, 3, 3, 3)] == 1.0  # the stem
    assert by_shape[(24, 24, 3, 3)] == 0.5  # before one of the heads
    assert {reached[layer.name] for layer in layers if layer.shape == (6, 24, 1, 1)} == {0.5}


@pytest.mark.parametrize("name", NETWORKS)
def test_techniques_leave_alone_what_they_are_never_applied_to(name: str) -> None:
    model = network(name)
    layers = {layer.name: layer for layer in weight_layers(model)}
    found = layer_sensitivity(model, IMAGES, {each.name: (each.probe,) for each in TECHNIQUES})
    heads = set(head_outputs(model, tuple(layers.values())))
    for (technique, _), errors in found.items():
        assert all(np.isfinite(list(errors.values())))
        for layer in (layers[name] for name in errors):
            assert technique != "channel_pruning" or (layer.output not in heads and not layer.depthwise)
            assert technique != "low_rank" or layer.groups == 1
    assert set(found["magnitude_pruning", 0.5]) == set(layers)


def test_observed_zeros_and_ranges_are_those_of_the_tensors() -> None:
    """x → -x → ReLU: what goes in has no zeros and reaches 1, what the next layer reads is all zeros."""
    eye = np.eye(3, dtype=np.float32).reshape(3, 3, 1, 1)
    nodes = [
        helper.make_node("Conv", ["image", "first"], ["x"]),
        helper.make_node("Relu", ["x"], ["y"]),
        helper.make_node("Conv", ["y", "second"], ["scores"]),
    ]
    model = model_of(nodes, {"first": -eye, "second": eye})
    images = [np.maximum(image, 0.01) for image in IMAGES]
    seen = observe(model, weight_layers(model), images)
    assert seen["first"].high == pytest.approx(max(image.max() for image in images))
    assert (seen["first"].input_zeros, seen["first"].output_zeros) == (0.0, 1.0)
    assert (seen["second"].input_zeros, seen["second"].high) == (1.0, 0.0)
    power = np.mean([np.square(image).mean(axis=(0, 2, 3)) for image in images], axis=0)
    assert seen["first"].power == pytest.approx(power, rel=1e-4)
    stacked = np.concatenate(images)
    assert seen["first"].variance == pytest.approx(stacked.var(axis=(0, 2, 3)), rel=1e-3)


def test_rounding_to_eight_bits_hits_the_ends_and_zero() -> None:
    values = np.array([-1.0, 0.0, 0.1, 3.0, 9.0], np.float32)
    found = fake_quantized(values, (-1.0, 3.0), 8)
    assert found[1] == 0.0
    assert found[[0, 3]] == pytest.approx([-1.0, 3.0], abs=4 / 255)
    assert found[4] == found[3]
    assert np.abs(found[:4] - values[:4]).max() <= 4 / 255


@pytest.mark.parametrize(
    ("technique", "strength", "expected"),
    [
        ("magnitude_pruning", 0.5, [[0, 0, 3], [-4, 0, 6]]),
        ("channel_pruning", 0.5, [[0, 0, 0], [-4, 1.5, 6]]),
        ("low_bit_weights", 1, [[2, -2, 2], [-23 / 6, 23 / 6, 23 / 6]]),
        ("weight_clustering", 2, [[1.1, 1.1, 4.5], [-4, 1.1, 4.5]]),
    ],
)
def test_what_techniques_do_to_a_small_weight(
    technique: str, strength: float, expected: list[list[float]]
) -> None:
    rows = np.array([[1.0, -2.0, 3.0], [-4.0, 1.5, 6.0]])
    weight = TECHNIQUES.get(technique).weight
    assert weight is not None
    found = weight(rows, strength)
    if technique == "weight_clustering":
        assert len(np.unique(found)) == 2
        return
    np.testing.assert_allclose(found, expected, rtol=0.15)


def test_low_rank_saves_what_it_says() -> None:
    assert rank_at((64, 576), 0.5) == 28  # 28 · 640 = 17,920 of 36,864; 29 would be more than half
    assert rank_at((4, 4), 0.75) == 0
    rows = np.random.default_rng(0).normal(size=(16, 40))
    weight = TECHNIQUES.get("low_rank").weight
    assert weight is not None
    assert np.linalg.matrix_rank(weight(rows, 0.5)) == rank_at((16, 40), 0.5) == 5


def test_an_unknown_technique_is_named_with_those_there_are() -> None:
    with pytest.raises(EdgeSlimError, match="magnitude_pruning"):
        parsed({"magnitude_prunning": (0.5,)})
    assert parsed({"low_rank": ()}) == {"low_rank": (0.25, 0.5, 0.75)}


@pytest.mark.parametrize("shape", [(12, 40), (40, 12)])
def test_low_rank_is_the_nearest_matrix_of_its_rank(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(1).normal(size=shape)
    weight = TECHNIQUES.get("low_rank").weight
    assert weight is not None
    left, singular, right = np.linalg.svd(rows, full_matrices=False)
    rank = rank_at(shape, 0.25)
    assert weight(rows, 0.25) == pytest.approx((left[:, :rank] * singular[:rank]) @ right[:rank])
