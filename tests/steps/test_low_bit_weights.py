"""Low-bit files hold the weights they say, in the bits they say, and what is done for accuracy helps."""

from __future__ import annotations

import itertools

import numpy as np
import onnx
import pytest
from onnx import helper

from edgeslim.errors import RecipeError
from edgeslim.export.packed import STORAGES, unpacked
from edgeslim.steps.quantization.low_bit import SCHEMES, LowBitWeights
from low_bit_networks import IMAGES, applied, context, model_of, network, noise_db, outputs, pruned, weights

RANDOM = np.random.default_rng(1)
ALL_ALIKE = {"first_last_bits": 0, "depthwise_bits": 0}


def plain(**given: object) -> LowBitWeights:
    """Nothing is looked at but weights."""
    return LowBitWeights(rounding="nearest", statistics=False, **ALL_ALIKE, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("bits", range(1, 9))
def test_each_width_runs_as_its_unpacked_network_does(bits: int) -> None:
    result, told = applied(LowBitWeights(bits=bits, **ALL_ALIKE), "plain_cnn")
    for packed, float32 in zip(outputs(result), outputs(unpacked(result)), strict=True):
        assert np.array_equal(packed, float32)
    assert {line["bits"] for line in told.info["layers"]} == {bits}


@pytest.mark.parametrize("bits", range(1, 9))
def test_file_has_the_bits_it_says_beside_floats_and_graph(bits: int) -> None:
    result, told = applied(plain(bits=bits), "mlp")
    stored = told.info["bytes"]
    codes = bits * told.info["weights"] / 8
    assert codes <= stored["codes"] <= 1.01 * codes + 40
    assert stored["floats"] <= 2 * 2 * (32 + 24 + 4) + 16
    assert result.ByteSize() == stored["codes"] + stored["floats"] + stored["graph"]


@pytest.mark.parametrize(
    ("bits", "given"),
    [
        *((bits, {"bits": bits, "scheme": "fixed_point"}) for bits in range(1, 9)),
        *((bits, {"bits": bits, "symmetric": False}) for bits in range(2, 9)),
        *((bits, {"bits": bits, "granularity": "group"}) for bits in range(1, 9)),
        *((bits, {"bits": bits, "storage": "native"}) for bits in (2, 4, 8)),
        (1, {"scheme": "binary"}),
        (1.6, {"scheme": "ternary"}),
    ],
    ids=str,
)
def test_every_scheme_takes_its_bits_and_decodes_exactly(bits: float, given: dict[str, object]) -> None:
    """Codes within a tenth of bits × weights / 8; beside them only what is told: floats and graph."""
    result, told = applied(plain(**given), "mlp")
    stored, wanted = told.info["bytes"], bits * told.info["weights"] / 8
    assert wanted <= stored["codes"] <= 1.1 * wanted
    groups = told.info["weights"] / 32 if given.get("granularity") == "group" else 32 + 24 + 4
    assert stored["floats"] <= 2 * (1.01 * groups + 32 + 24 + 4) + 16
    assert result.ByteSize() == sum(stored.values())
    tolerance = 1e-5 if given.get("storage") == "native" else 0  # another kernel runs
    for packed, float32 in zip(outputs(result), outputs(unpacked(result)), strict=True):
        np.testing.assert_allclose(packed, float32, rtol=0, atol=tolerance)


def test_noise_falls_with_every_bit() -> None:
    noise = [
        noise_db(network("plain_cnn"), applied(plain(bits=bits), "plain_cnn")[0]) for bits in (2, 4, 6, 8)
    ]
    assert all(after > before + 4 for before, after in itertools.pairwise(noise))
    assert noise[-1] > 30


def test_statistics_and_better_rounding_help() -> None:
    """In the mean over networks: one tiny network alone depends on luck."""

    def noise(**given: object) -> float:
        step = LowBitWeights(bits=3, **ALL_ALIKE, **given)  # type: ignore[arg-type]
        names = ("plain_cnn", "residual_concat_pyramid", "depthwise_se")
        return float(np.mean([noise_db(network(name), applied(step, name)[0]) for name in names]))

    nothing = noise(rounding="nearest", statistics=False)
    matched = noise(rounding="nearest")
    assert matched > nothing + 10
    assert noise(rounding="compensated") > matched + 1.5
    assert noise(rounding="adaround") > matched + 1.5


def test_statistics_make_means_and_deviations_equal_the_originals() -> None:
    """One convolution: on the calibration images its output channels have the original's moments."""
    weight, bias = RANDOM.normal(size=(6, 3, 3, 3)), RANDOM.normal(size=6)
    model = model_of([helper.make_node("Conv", ["image", "w", "b"], ["scores"])], {"w": weight, "b": bias})
    step = LowBitWeights(bits=2, rounding="nearest", vectors="float32", **ALL_ALIKE)
    told = context()
    result = step.apply(model, told)
    feeds = [(IMAGES.image(i).transpose(2, 0, 1)[None] / 255).astype(np.float32) for i in range(len(IMAGES))]
    before, after = (_channels(each, feeds) for each in (model, result))
    assert np.abs(before - after).max() > 0.1
    np.testing.assert_allclose(after.mean(axis=1), before.mean(axis=1), atol=1e-4)
    np.testing.assert_allclose(after.std(axis=1), before.std(axis=1), rtol=1e-3)
    assert told.info["matched_layers"] == 1


def _channels(model: onnx.ModelProto, feeds: list[np.ndarray]) -> np.ndarray:
    from edgeslim.export.onnx import to_bytes
    from edgeslim.models.proof import run

    return np.concatenate([parts[0][0].reshape(6, -1) for parts in run(to_bytes(model), feeds)], axis=1)


def test_convolution_without_bias_gets_one_to_hold_the_shift() -> None:
    weight = RANDOM.normal(size=(6, 3, 3, 3)) + 0.2
    model = model_of([helper.make_node("Conv", ["image", "w"], ["scores"])], {"w": weight})
    given = model.SerializeToString()
    result = LowBitWeights(bits=2, **ALL_ALIKE).apply(model, context())
    (node,) = unpacked(result).graph.node
    assert len(node.input) == 3
    assert model.SerializeToString() == given
    assert noise_db(model, result) > 5


def test_binary_weights_are_signs_times_the_mean_magnitude() -> None:
    original = weights(network("plain_cnn"))
    result, _ = applied(plain(scheme="binary", vectors="float32"), "plain_cnn")
    for name, array in weights(result).items():
        if array.ndim == 4:
            rows, before = array.reshape(len(array), -1), original[name].reshape(len(array), -1)
            np.testing.assert_array_equal(np.sign(rows), np.where(before >= 0, 1, -1))
            np.testing.assert_allclose(
                np.abs(rows), np.broadcast_to(np.abs(before).mean(1, keepdims=True), rows.shape), rtol=1e-5
            )


def test_ternary_rows_have_three_values_in_eight_fifths_of_a_bit() -> None:
    result, told = applied(plain(scheme="ternary"), "mlp")
    for array in weights(result).values():
        rows = array if array.shape[0] in (32, 24, 4) else array.T
        for row in rows:
            values = np.unique(row)
            assert len(values) == 3
            assert values[1] == 0
            assert values[0] == -values[2]
    assert told.info["bytes"]["codes"] <= 1.61 / 8 * told.info["weights"] + 40


def test_fixed_point_scales_are_powers_of_two() -> None:
    result, told = applied(LowBitWeights(bits=6, scheme="fixed_point", granularity="layer"), "plain_cnn")
    for array in weights(result).values():
        steps = np.unique(np.abs(array[array != 0]))
        assert np.log2(steps[0]) % 1 == 0
        assert np.array_equal(steps / steps[0] % 1, np.zeros(len(steps)))
    formats = [line["format"] for line in told.info["layers"]]
    assert all(text.startswith("Q") for text in formats)
    assert formats[0] == "Q-1.8" or "." in formats[0]


def test_groups_have_scales_of_their_own_and_less_noise() -> None:
    channel, coarse = applied(plain(bits=3), "mlp")
    group, fine = applied(plain(bits=3, granularity="group", group_size=16), "mlp")
    assert fine.info["bytes"]["floats"] > 4 * coarse.info["bytes"]["floats"]
    assert noise_db(network("mlp"), group) > noise_db(network("mlp"), channel) + 0.5


def test_one_scale_a_layer_costs_two_bytes() -> None:
    _, channel = applied(plain(), "mlp")
    _, layer = applied(plain(granularity="layer"), "mlp")
    assert channel.info["bytes"]["floats"] - layer.info["bytes"]["floats"] == 2 * (32 + 24 + 4) - 2 * 3


def test_zero_points_help_weights_that_are_not_centred() -> None:
    model = model_of(
        [helper.make_node("Conv", ["image", "w", "b"], ["scores"])],
        {"w": RANDOM.uniform(-0.1, 1, (6, 3, 3, 3)), "b": np.zeros(6)},
    )
    symmetric, asymmetric = (plain(bits=3, symmetric=on).apply(model, context()) for on in (True, False))
    assert noise_db(model, asymmetric) > noise_db(model, symmetric) + 3


@pytest.mark.parametrize("rounding", ["nearest", "compensated", "adaround"])
def test_zeros_of_a_pruned_network_stay_zeros_and_are_stored_as_a_mask(rounding: str) -> None:
    model = pruned("plain_cnn", 0.8)
    told = context()
    result = LowBitWeights(bits=4, rounding=rounding, **ALL_ALIKE).apply(model, told)
    originals = weights(model)
    for name, array in weights(result).items():
        assert not array[originals[name] == 0].any()
    assert all(line["sparse"] for line in told.info["layers"])
    assert told.info["average_bits"] < 1 + 0.2 * 4 + 0.01


def test_first_last_and_depthwise_layers_have_widths_of_their_own() -> None:
    step = LowBitWeights(bits=3, first_last_bits=7, depthwise_bits=6, rounding="nearest")
    _, told = applied(step, "depthwise_se")
    lines = told.info["layers"]
    assert lines[0]["bits"] == lines[-1]["bits"] == 7
    assert [line["bits"] for line in lines if line["weights"] == 32 * 9] == [6]
    assert sum(line["bits"] == 3 for line in lines) == len(lines) - 3


def test_recurrent_weights_are_coded_too() -> None:
    result, told = applied(LowBitWeights(bits=6), "gru")
    assert [line["operator"] for line in told.info["layers"]].count("GRU") == 2
    assert noise_db(network("gru"), result) > 15


def test_weight_that_two_nodes_share_is_coded_once() -> None:
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Conv", ["r", "w"], ["scores"]),
    ]
    model = model_of(nodes, {"w": RANDOM.normal(size=(3, 3, 3, 3))})
    told = context()
    result = LowBitWeights(bits=8).apply(model, told)
    assert [line["name"] for line in told.info["layers"]] == ["w"]
    assert told.info["matched_layers"] == 0
    assert noise_db(model, result) > 25


def test_transposed_convolutions_are_coded_by_output_channel() -> None:
    weight = RANDOM.normal(size=(3, 4, 3, 3)) * np.array([1, 10, 100, 1000])[None, :, None, None]
    model = model_of([helper.make_node("ConvTranspose", ["image", "w"], ["scores"])], {"w": weight})
    result = LowBitWeights(bits=6, **ALL_ALIKE).apply(model, context())
    decoded = weights(result)["w"]
    for channel in range(4):
        error = decoded[:, channel] - weight[:, channel]
        assert np.abs(error).max() < 0.1 * np.abs(weight[:, channel]).max()


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("granularity", ["layer", "channel", "group"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("storage", [each for each in STORAGES if each != "packed"])
def test_all_storages_hold_the_same_weights(
    storage: str, scheme: str, granularity: str, symmetric: bool
) -> None:
    step = {"bits": 4, "scheme": scheme, "granularity": granularity, "symmetric": symmetric, "group_size": 8}
    expected = weights(applied(plain(**step), "plain_cnn")[0])
    found = weights(applied(plain(**step, storage=storage), "plain_cnn")[0])
    for name, array in expected.items():
        assert np.array_equal(found[name], array)


def test_images_are_asked_for_only_where_they_are_looked_at() -> None:
    assert LowBitWeights().needs == {"calibration"}
    assert plain().needs == frozenset()
    plain().apply(network("mlp"), context(images=None))
    with pytest.raises(RecipeError) as caught:
        LowBitWeights().apply(network("mlp"), context(images=None))
    assert caught.value.code == "no_calibration_images"


def test_a_model_without_float_weights_is_refused() -> None:
    packed, _ = applied(plain(), "mlp")
    with pytest.raises(RecipeError) as caught:
        LowBitWeights().apply(packed, context())
    assert caught.value.code == "no_float_weights"
    assert "low_bit_weights" in str(caught.value)


def test_bits_reach_a_network_that_is_all_first_and_last_layer() -> None:
    """Exceptions are for the ends of something; here they would be everything, and the bits would change nothing."""
    nodes = [
        helper.make_node("Conv", ["image", "first"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("Conv", ["r", "last"], ["scores"]),
    ]
    given = {"first": RANDOM.normal(size=(8, 3, 3, 3)), "last": RANDOM.normal(size=(4, 8, 3, 3))}
    told = context()
    LowBitWeights(bits=2, rounding="nearest", statistics=False).apply(model_of(nodes, given), told)
    assert [line["bits"] for line in told.info["layers"]] == [2, 2]
