"""8-bit files are small, close to the float ones, and in the format that was asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from edgeslim.errors import RecipeError
from edgeslim.export.onnx import deployable, export_training_form, shipped, to_bytes
from edgeslim.models.proof import run
from edgeslim.steps import StepContext
from edgeslim.steps.quantization import StaticInt8
from edgeslim.steps.quantization.formats import choice_for
from edgeslim.steps.quantization.regions import (
    LAYERS,
    depthwise_region,
    first_region,
    outputs_region,
    with_followers,
)
from example_networks import SIZE, RandomImages, make_network, make_onnx, make_spec


def context(images: RandomImages | None = None) -> StepContext:
    return StepContext(spec=make_spec(), original=Path("unused.onnx"), calibration=images or RandomImages())


def quantized(name: str, **parameters: object) -> tuple[onnx.ModelProto, onnx.ModelProto, StepContext]:
    model, told = deployable(make_onnx(name)), context()
    return model, StaticInt8(**parameters).apply(model, told), told  # type: ignore[arg-type]


def noise_db(model: onnx.ModelProto, changed: onnx.ModelProto) -> float:
    """Signal to noise of the outputs over a few images."""
    images = RandomImages(8, seed=5)
    inputs = [(images.image(i).transpose(2, 0, 1)[None] / 255).astype(np.float32) for i in range(len(images))]
    signal = noise = 0.0
    for left, right in zip(run(to_bytes(model), inputs), run(to_bytes(changed), inputs), strict=True):
        for a, b in zip(left, right, strict=True):
            signal += float((a.astype(float) ** 2).sum())
            noise += float(((a - b).astype(float) ** 2).sum())
    return 10 * np.log10(signal / noise)


def weight_types(model: onnx.ModelProto) -> dict[str, np.dtype]:
    arrays = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    return {name: array.dtype for name, array in arrays.items() if array.ndim > 1}


@pytest.mark.parametrize("name", ["plain_cnn", "residual_concat_pyramid", "depthwise_se", "mlp"])
def test_default_settings_keep_the_outputs(name: str) -> None:
    model, result, _ = quantized(name)
    assert noise_db(model, result) > 25


def test_file_is_nearly_four_times_smaller() -> None:
    model, result, told = quantized("mlp", keep_float="none")
    weights = 3 * SIZE * SIZE * 32 + 32 * 24 + 24 * 4
    assert len(to_bytes(shipped(result))) < weights + 3000
    assert len(to_bytes(model)) > 4 * weights
    assert (told.info["layers"], told.info["float_layers"]) == (3, 0)


def test_outputs_stay_float_unless_told_otherwise() -> None:
    _, result, told = quantized("plain_cnn")
    assert weight_types(result)["classify.weight"] == np.float32
    assert told.info["float_layers"] == 1
    _, result, _ = quantized("plain_cnn", keep_float="none")
    assert weight_types(result)["classify.weight_quantized"] == np.int8


@pytest.mark.parametrize(
    ("name", "activation", "weight"),
    [("u8s8", np.uint8, np.int8), ("s8s8", np.int8, np.int8), ("u8u8", np.uint8, np.uint8)],
)
def test_format_decides_the_number_types(name: str, activation: type, weight: type) -> None:
    model, result, told = quantized("plain_cnn", format=name, reduce_range="off")
    zeros = {
        numpy_helper.to_array(item).dtype
        for item in result.graph.initializer
        if item.name.startswith("image") and item.name.endswith("zero_point")
    }
    assert zeros == {np.dtype(activation)}
    assert weight_types(result)["features.0.0.weight_quantized"] == weight
    assert told.info["format"] == name
    assert noise_db(model, result) > 25


def test_reduced_range_leaves_seven_bits_of_weights() -> None:
    for option, limit in (("on", 64), ("off", 127)):
        _, result, _ = quantized("plain_cnn", format="u8s8", reduce_range=option)
        codes = {item.name: numpy_helper.to_array(item) for item in result.graph.initializer}
        assert np.abs(codes["features.0.0.weight_quantized"].astype(int)).max() == limit


def test_one_scale_per_channel_keeps_small_channels() -> None:
    network = make_network("plain_cnn")
    conv = network.get_submodule("features.2.0")
    conv.weight.data *= torch.logspace(-3, 0, 32).reshape(-1, 1, 1, 1)
    model = deployable(export_training_form(network, (1, 3, SIZE, SIZE), "image", ["y"]))
    before = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    exact = before["features.2.0.weight"][0]
    errors = []
    for each in (True, False):
        result = StaticInt8(per_channel=each, reduce_range="off").apply(model, context())
        after = {item.name: numpy_helper.to_array(item) for item in result.graph.initializer}
        codes, scales = after["features.2.0.weight_quantized"], after["features.2.0.weight_scale"]
        assert scales.size == (32 if each else 1)
        stored = codes[0].astype(float) * scales.flat[0]
        errors.append(np.abs(stored - exact).max() / np.abs(exact).max())
    assert errors[0] < 0.005
    assert errors[1] > 0.5


def test_weights_pruned_to_zero_stay_zero_even_where_a_whole_channel_is_gone() -> None:
    network = make_network("plain_cnn")
    network.get_submodule("features.2.0").weight.data[:4] = 0
    model = deployable(export_training_form(network, (1, 3, SIZE, SIZE), "image", ["y"]))
    result = StaticInt8().apply(model, context())
    codes = {item.name: numpy_helper.to_array(item) for item in result.graph.initializer}
    assert (codes["features.2.0.weight_quantized"][:4] == 0).all()
    assert noise_db(model, result) > 25


def test_calibration_on_dark_images_clips_bright_ones() -> None:
    """Ranges come from the images: the wrong ones are visible as noise."""
    dark = RandomImages()
    dark._images //= 16
    model = deployable(make_onnx("mlp"))
    found = [noise_db(model, StaticInt8().apply(model, context(images))) for images in (RandomImages(), dark)]
    assert found[0] > found[1] + 10


def test_equal_runs_give_equal_bytes() -> None:
    first, second = (quantized("depthwise_se", calibration="entropy")[1] for _ in range(2))
    assert to_bytes(first) == to_bytes(second)


def test_recurrent_network_with_float_outputs_has_nothing_to_quantize() -> None:
    model = deployable(make_onnx("gru"))
    step = StaticInt8(keep_float="first_and_outputs", first_layers=1)
    with pytest.raises(RecipeError) as caught:
        step.apply(model, context())
    assert (caught.value.code, caught.value.values["count"]) == ("all_kept_float", 2)
    recurrent = [node for node in model.graph.node if node.op_type not in LAYERS]
    del model.graph.node[:]
    model.graph.node.extend(recurrent)
    with pytest.raises(RecipeError, match="recurrent layers cannot") as alone:
        StaticInt8().check_graph(model.graph)
    assert alone.value.code == "no_int8_layers"


def test_a_network_without_recurrent_layers_is_not_told_of_them() -> None:
    step = StaticInt8(keep_float="first_and_outputs", first_layers=64)
    with pytest.raises(RecipeError, match="keeps all 3 layers in float") as caught:
        step.apply(deployable(make_onnx("plain_cnn")), context())
    assert "recurrent" not in str(caught.value)


def test_missing_images_are_refused() -> None:
    with pytest.raises(RecipeError) as caught:
        StaticInt8().apply(
            deployable(make_onnx("mlp")), StepContext(spec=make_spec(), original=Path("unused.onnx"))
        )
    assert caught.value.code == "no_calibration_images"


@pytest.mark.parametrize(
    ("flags", "format_", "reduced"),
    [
        ({"avx2"}, "u8s8", True),
        ({"avx2", "avx512f"}, "u8s8", True),
        ({"avx2", "avx_vnni"}, "u8s8", False),
        ({"avx2", "avx512f", "avx512_vnni"}, "u8s8", False),
        ({"asimddp"}, "s8s8", False),
        (set(), "u8s8", True),
    ],
)
def test_processor_decides_the_format(flags: set[str], format_: str, reduced: bool) -> None:
    choice = choice_for(frozenset(flags))
    assert (choice.format, choice.reduce_range) == (format_, reduced)


def test_resolving_replaces_what_depends_on_the_machine_and_nothing_else() -> None:
    step = StaticInt8(images=7).resolve()
    assert isinstance(step, StaticInt8)
    assert step.format in ("u8s8", "s8s8")
    assert step.reduce_range in ("on", "off")
    assert step.images == 7
    fixed = StaticInt8(format="u8u8", reduce_range="on")
    assert fixed.resolve() == fixed


def names_of(region: set[str], model: onnx.ModelProto) -> set[str]:
    """Weights of the layers in a region."""
    return {
        name
        for node in model.graph.node
        if node.name in region
        for name in node.input
        if name.endswith(".weight")
    }


def test_regions_hold_the_layers_they_are_named_for() -> None:
    pyramid = deployable(make_onnx("residual_concat_pyramid"))
    assert names_of(outputs_region(pyramid.graph), pyramid) == {"small.weight", "large.weight"}
    separable = deployable(make_onnx("depthwise_se"))
    assert names_of(depthwise_region(separable.graph), separable) == {"depthwise.0.weight"}
    assert names_of(first_region(separable.graph, 2), separable) == {"stem.0.weight", "expand.0.weight"}
    assert first_region(separable.graph, 0) == set()


def test_activations_follow_their_layer() -> None:
    separable = deployable(make_onnx("depthwise_se"))
    operators = {node.name: node.op_type for node in separable.graph.node}
    grown = with_followers(separable.graph, depthwise_region(separable.graph))
    assert sorted(operators[name] for name in grown) == ["Conv", "Relu"]


def test_channels_of_very_different_ranges_are_equalized_first() -> None:
    """Through a Relu that is exact, so the file gives the same outputs with less noise."""
    model = deployable(make_onnx("plain_cnn"))
    spread = np.logspace(-2, 0, 16, dtype=np.float32)
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    factors = dict.fromkeys(convolutions[0].input[1:], spread) | {convolutions[1].input[1]: None}
    for item in model.graph.initializer:
        if item.name in factors:
            array, factor = numpy_helper.to_array(item), factors[item.name]
            scaled = array / spread[:, None, None] if factor is None else (array.T * factor).T
            item.CopyFrom(numpy_helper.from_array(scaled.astype(np.float32), item.name))
    noise = []
    for equalize in (False, True):
        told = context()
        # between the two lies a MaxPool, which equalization does not look through
        chosen = _without_pools(model)
        result = StaticInt8(equalize=equalize, keep_float="none", per_channel=False).apply(chosen, told)
        noise.append(noise_db(chosen, result))
        assert told.info["equalized_pairs"] == int(equalize)
    assert noise[1] > noise[0] + 3


def test_equalizing_what_cannot_be_equalized_is_refused() -> None:
    """Between the convolutions of the plain network lie pools: the option would change nothing."""
    model = deployable(make_onnx("plain_cnn"))
    with pytest.raises(RecipeError) as caught:
        StaticInt8(equalize=True).apply(model, context())
    assert caught.value.code == "nothing_to_equalize"


@pytest.mark.parametrize(
    ("count", "float_weights"),
    [
        (0, {"classify.weight"}),
        (1, {"classify.weight", "stem.0.weight"}),
        (3, {"classify.weight", "stem.0.weight", "expand.0.weight", "depthwise.0.weight"}),
    ],
)
def test_so_many_first_layers_stay_float_as_are_asked_for(count: int, float_weights: set[str]) -> None:
    _, result, told = quantized("depthwise_se", keep_float="first_and_outputs", first_layers=count)
    types = weight_types(result)
    assert {name for name, kind in types.items() if kind == np.float32} == float_weights
    assert told.info["float_layers"] == len(float_weights)
    assert told.info["layers"] == len(types)


def _without_pools(model: onnx.ModelProto) -> onnx.ModelProto:
    """Strided convolutions instead of the pools."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    pools = {node.output[0]: node.input[0] for node in result.graph.node if node.op_type == "MaxPool"}
    kept = [node for node in result.graph.node if node.op_type != "MaxPool"]
    for node in kept:
        for index, name in enumerate(node.input):
            node.input[index] = pools.get(name, name)
        if node.op_type == "Conv":
            node.attribute.remove(next(item for item in node.attribute if item.name == "strides"))
            node.attribute.append(onnx.helper.make_attribute("strides", [2, 2]))
    del result.graph.node[:]
    result.graph.node.extend(kept)
    return result
