"""The robust_int8 step as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import numpy_helper

from edgeslim.errors import ParameterError, RecipeError
from edgeslim.export.packed import entropy_bound, unpacked
from edgeslim.recipe import Recipe
from edgeslim.steps.onnx_layers.layers import array_of, weight_layers
from edgeslim.steps.quantization.formats import CpuChoice
from edgeslim.steps.quantization.low_bit import LowBitWeights
from edgeslim.steps.quantization.robust_int8 import RobustInt8, processor_for
from low_bit_networks import context as low_bit_context
from low_bit_networks import network
from networks_for_int8 import Builder, context, leaky_network, operators, relative_error, silu_network

FASTEST = {"latency": 0.2, "sqnr": 0.0, "processor": "x86_vnni", "search_images": 2}


def test_result_is_near_the_original_deterministic_and_leaves_its_input_alone() -> None:
    model = silu_network()
    before = model.SerializeToString()
    first, second = context(), context()
    result = RobustInt8(**FASTEST).apply(model, first)
    again = RobustInt8(**FASTEST).apply(model, second)
    assert model.SerializeToString() == before
    assert result.SerializeToString() == again.SerializeToString()
    assert first.info == second.info
    assert relative_error(model, result) < 0.06
    onnx.checker.check_model(result)


def test_weights_are_stored_in_8_bits_but_for_those_named() -> None:
    told = context()
    model = silu_network()
    result = RobustInt8(**FASTEST).apply(model, told)
    large = [item for item in result.graph.initializer if np.prod(item.dims) > 200]
    kept = [item for item in large if item.data_type == onnx.TensorProto.FLOAT]
    assert len(kept) == len(told.info["float32_weights"]) < told.info["float_layers"]
    assert {item.data_type for item in large} <= {onnx.TensorProto.INT8, onnx.TensorProto.FLOAT}
    assert result.ByteSize() < 0.5 * model.ByteSize()


def test_info_tells_what_stayed_float_and_the_sqnr_of_each_stage() -> None:
    told = context(seed=3)
    RobustInt8(**FASTEST).apply(silu_network(), told)
    info = told.info
    assert info["layers"] == 7
    assert info["float_layers"] == len(info["float_tensors"])
    assert info["rewrites"] == {"space_to_depth": 0, "pool_chain": 1, "hard_swish": 0}
    assert (info["images"], info["seed"], info["processor"]) == (6, 3, "x86_vnni")
    assert list(info["sqnr_db"]) == ["all_int8", "chosen", "bias_corrected"]
    assert info["sqnr_db"]["bias_corrected"] > 20
    assert 0.0 < info["int8_macs"] < 1.0


def test_a_looser_time_gives_no_more_noise() -> None:
    sqnr = []
    for latency in (0.2, 0.9, 1.5):
        told = context()
        RobustInt8(**{**FASTEST, "latency": latency}).apply(silu_network(), told)
        assert told.info["predicted_latency"] <= latency or latency == 0.2
        sqnr.append(told.info["sqnr_db"]["chosen"])
    assert sqnr == sorted(sqnr)
    assert sqnr[-1] > sqnr[0] + 3


def test_integer_kernels_are_what_runs(tmp_path: Path) -> None:
    told = context()
    result = RobustInt8(**FASTEST).apply(silu_network(), told)
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    options.log_severity_level = 4
    ort.InferenceSession(result.SerializeToString(), options, providers=["CPUExecutionProvider"])
    run = operators(onnx.load(tmp_path / "optimized.onnx"))
    quantized = told.info["layers"] - told.info["float_layers"]
    assert quantized >= 3
    assert run["QLinearConv"] == quantized
    # the stored weights of float layers are unpacked at load
    assert "Cast" not in run


def test_leaky_network_is_equalized_and_its_outputs_stay_float() -> None:
    told = context()
    model = leaky_network()
    result = RobustInt8(**FASTEST).apply(model, told)
    assert told.info["equalized_pairs"] == 3
    last = model.graph.node[-1]
    assert result.graph.node[-1].op_type == last.op_type == "Conv"
    assert last.output[0] in told.info["float_tensors"]
    assert relative_error(model, result) < 0.04


def test_without_calibration_images_it_says_so() -> None:
    import dataclasses

    with pytest.raises(RecipeError) as caught:
        RobustInt8().apply(silu_network(), dataclasses.replace(context(), calibration=None))
    assert caught.value.code == "no_calibration_images"


def test_a_model_without_weights_is_refused() -> None:
    build = Builder()
    with pytest.raises(RecipeError) as caught:
        RobustInt8().apply(build.model(build.add("Relu", "image")), context())
    assert caught.value.code == "nothing_to_quantize"


def test_parameters_round_trip_and_are_bounded() -> None:
    recipe = Recipe((RobustInt8(latency=0.7, equalize=False),))
    assert Recipe.from_json(recipe.to_json()) == recipe
    with pytest.raises(ParameterError):
        RobustInt8(latency=0.1)
    with pytest.raises(ParameterError):
        RobustInt8(processor="z80")


@pytest.mark.parametrize(
    ("choice", "processor"),
    [
        (CpuChoice("s8s8", reduce_range=False, because="asimddp"), "arm"),
        (CpuChoice("u8s8", reduce_range=True, because="no VNNI"), "x86"),
        (CpuChoice("u8s8", reduce_range=False, because="avx_vnni"), "x86_vnni"),
    ],
)
def test_processor_follows_the_preferred_format(choice: CpuChoice, processor: str) -> None:
    assert processor_for(choice) == processor


def test_auto_is_resolved_before_it_is_recorded() -> None:
    resolved = RobustInt8().resolve()
    assert resolved.to_json()["processor"] != "auto"
    assert resolved.resolve() == resolved


@pytest.mark.parametrize("storage", ["packed", "bytes", "native"])
def test_weights_of_few_levels_keep_them_and_the_download_stays_small(storage: str) -> None:
    model = silu_network()
    low = LowBitWeights(bits=4, first_last_bits=0, depthwise_bits=0, storage=storage, images=6).apply(
        model, context()
    )
    plain, both = RobustInt8(**FASTEST).apply(model, context()), RobustInt8(**FASTEST).apply(low, context())
    weights = {layer.name: array_of(unpacked(low), layer.name) for layer in weight_layers(unpacked(low))}
    stored = {item.name: numpy_helper.to_array(item) for item in both.graph.initializer}
    integers = {
        name.rsplit(".", 1)[0]: codes for name, codes in stored.items() if name.endswith((".int8", ".codes"))
    }
    compared = set(weights) & set(integers)
    assert len(compared) >= 6
    for name in compared:
        codes = integers[name]
        scale = stored.get(f"{name}.steps", stored.get(f"{name}.scale")).reshape(-1, 1, 1, 1)
        np.testing.assert_allclose(codes * scale, weights[name], rtol=1e-5, atol=1e-7)
        assert max(len(np.unique(row)) for row in codes) <= 16
    assert entropy_bound(both) < 0.75 * entropy_bound(plain)
    assert relative_error(low, both) < 0.06
    assert RobustInt8(**FASTEST).apply(low, context()).SerializeToString() == both.SerializeToString()


def test_recurrent_weights_are_not_unpacked_for_nothing() -> None:
    low = LowBitWeights(bits=4).apply(network("gru"), low_bit_context("gru"))
    with pytest.raises(RecipeError) as caught:
        RobustInt8(**FASTEST).apply(low, low_bit_context("gru"))
    assert caught.value.code == "nothing_to_quantize"
