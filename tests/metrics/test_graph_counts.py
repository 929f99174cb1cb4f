"""Parameters, non-zeros and MACs of small graphs, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from tiny_graphs import model, node, weights

from edgeslim.errors import ModelError
from edgeslim.metrics.counts import Counts, counts, counts_of
from edgeslim.metrics.graph import read


def conv_relu(size: int | str = 16, filters: int = 8) -> onnx.ModelProto:
    return model(
        [node("Conv", ["x", "w", "b"], ["y"], pads=[1, 1, 1, 1]), node("Relu", ["y"], ["z"])],
        {"x": [1, 3, size, size]},
        ["z"],
        {"w": weights(filters, 3, 3, 3), "b": weights(filters)},
    )


def test_convolution() -> None:
    found = counts_of(conv_relu())
    assert found.params == found.nonzero == 8 * 27 + 8
    assert found.macs == 16 * 16 * 8 * 27


def test_depthwise_convolution_counts_one_channel_a_filter() -> None:
    found = counts_of(
        model(
            [node("Conv", ["x", "w"], ["y"], group=6, strides=[2, 2], pads=[1, 1, 1, 1])],
            {"x": [1, 6, 8, 8]},
            ["y"],
            {"w": weights(6, 1, 3, 3)},
        )
    )
    assert (found.params, found.macs) == (54, 4 * 4 * 6 * 9)


def test_transposed_convolution_counts_by_its_input() -> None:
    graph = model(
        [node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])],
        {"x": [1, 4, 5, 5]},
        ["y"],
        {"w": weights(4, 3, 2, 2)},
    )
    assert counts_of(graph).macs == 5 * 5 * 4 * 3 * 4


def test_matrix_products_and_their_biases() -> None:
    graph = model(
        [
            node("MatMul", ["x", "w"], ["p"]),
            node("Add", ["b", "p"], ["q"]),
            node("Gemm", ["q", "v", "c"], ["y"], transB=1),
        ],
        {"x": [2, 10]},
        ["y"],
        {"w": weights(10, 20), "b": weights(20), "v": weights(5, 20), "c": weights(5)},
    )
    found = counts_of(graph)
    assert found.params == 200 + 20 + 100 + 5
    assert found.macs == 2 * 10 * 20 + 2 * 20 * 5


def test_product_of_activations_has_macs_but_no_params() -> None:
    graph = model([node("MatMul", ["x", "y"], ["z"])], {"x": [4, 6], "y": [6, 3]}, ["z"])
    assert (counts_of(graph).params, counts_of(graph).macs) == (0, 72)


def test_gru_counts_every_step() -> None:
    """Three gates of 16 units on 8 inputs, 10 steps."""
    graph = model(
        [node("GRU", ["x", "w", "r", "b"], ["y", "h"], hidden_size=16)],
        {"x": [10, 1, 8]},
        ["h"],
        {"w": weights(1, 48, 8), "r": weights(1, 48, 16), "b": weights(1, 96)},
    )
    found = counts_of(graph)
    assert found.params == 48 * 8 + 48 * 16 + 96
    assert found.macs == 10 * 3 * 16 * (8 + 16)


def test_batch_normalization_has_two_learned_tensors_of_four() -> None:
    graph = model(
        [node("BatchNormalization", ["x", "g", "b", "m", "v"], ["y"])],
        {"x": [1, 7, 4, 4]},
        ["y"],
        {name: weights(7) for name in "gbmv"},
    )
    assert (counts_of(graph).params, counts_of(graph).macs) == (14, 0)


def test_constants_that_shape_data_are_no_params() -> None:
    graph = model(
        [
            node("Conv", ["x", "w"], ["c"]),
            node("Mul", ["c", "scale"], ["m"]),
            node("Add", ["m", "grid"], ["a"]),
            node("Reshape", ["a", "shape"], ["y"]),
        ],
        {"x": [1, 2, 4, 4]},
        ["y"],
        {
            "w": weights(2, 2, 1, 1),
            "scale": weights(1),
            "grid": weights(1, 2, 4, 4),
            "shape": np.array([1, 32]),
        },
    )
    assert counts_of(graph).params == 4


def test_shared_weights_count_once() -> None:
    graph = model(
        [node("Conv", ["x", "w"], ["y"]), node("Conv", ["y", "w"], ["z"])],
        {"x": [1, 2, 4, 4]},
        ["z"],
        {"w": weights(2, 2, 1, 1)},
    )
    assert (counts_of(graph).params, counts_of(graph).macs) == (4, 2 * 16 * 4)


def test_zeros_are_not_counted_as_nonzero() -> None:
    sparse = weights(8, 3, 3, 3)
    sparse[:6] = 0
    graph = conv_relu()
    graph.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(sparse, "w"))
    found = counts_of(graph)
    assert (found.params, found.nonzero) == (224, 2 * 27 + 8)


def test_quantized_zero_is_the_zero_point() -> None:
    """Codes 3, 5, 5, 7 with zero point 5: two of four weights are zero. The bias is stored as int32."""
    graph = model(
        [
            node("DequantizeLinear", ["codes", "scale", "zero"], ["w"]),
            node("DequantizeLinear", ["bias_codes", "bias_scale"], ["b"]),
            node("Conv", ["x", "w", "b"], ["y"]),
        ],
        {"x": [1, 4, 2, 2]},
        ["y"],
        {
            "codes": np.array([3, 5, 5, 7], np.int8).reshape(1, 4, 1, 1),
            "scale": np.float32(0.1),
            "zero": np.int8(5),
            "bias_codes": np.array([9], np.int32),
            "bias_scale": np.float32(0.01),
        },
    )
    found = counts_of(graph)
    assert (found.params, found.nonzero, found.macs) == (5, 3, 2 * 2 * 4)


def test_integer_convolution_with_a_zero_point_for_each_filter() -> None:
    graph = model(
        [
            node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
            node("ConvInteger", ["q", "codes", "z", "zeros"], ["i"]),
            node("Cast", ["i"], ["f"], to=1),
            node("Mul", ["f", "s"], ["m"]),
            node("Add", ["m", "bias"], ["y"]),
        ],
        {"x": [1, 2, 3, 3]},
        ["y"],
        {
            "codes": np.array([[1, 2], [1, 2]], np.uint8).reshape(2, 2, 1, 1),
            "zeros": np.array([1, 2], np.uint8),
            "bias": weights(1, 2, 1, 1),
        },
    )
    found = counts_of(graph)
    assert (found.params, found.nonzero, found.macs) == (6, 4, 9 * 2 * 2)


def test_packed_weights_count_as_the_network_sees_them() -> None:
    """Two 4-bit codes in a byte, looked up in a palette whose first entry is zero."""
    graph = model(
        [
            node("Mod", ["packed", "sixteen"], ["low"]),
            node("Div", ["packed", "sixteen"], ["high"]),
            node("Concat", ["low", "high"], ["codes8"], axis=0),
            node("Cast", ["codes8"], ["codes"], to=7),
            node("Gather", ["palette", "codes"], ["flat"]),
            node("Reshape", ["flat", "shape"], ["w"]),
            node("Conv", ["x", "w"], ["y"]),
        ],
        {"x": [1, 2, 4, 4]},
        ["y"],
        {
            "packed": np.array([0x10, 0x02, 0x21], np.uint8),
            "sixteen": np.uint8(16),
            "palette": np.array([0.0, 0.5, -0.5], np.float32),
            "shape": np.array([3, 2, 1, 1]),
        },
    )
    found = counts_of(graph)
    assert (found.params, found.nonzero, found.macs) == (6, 4, 4 * 4 * 6)


def test_operators_outside_the_standard_are_measured_by_a_run() -> None:
    graph = model(
        [node("Gelu", ["x"], ["g"], domain="com.microsoft"), node("Conv", ["g", "w"], ["y"])],
        {"x": [1, 2, 4, 4]},
        ["y"],
        {"w": weights(3, 2, 1, 1)},
        domains=["com.microsoft"],
    )
    assert read(graph).shapes["g"] == (1, 2, 4, 4)
    assert counts_of(graph) == Counts(
        params=6, nonzero=6, macs=96, int8_macs=0, peak_activation_bytes=4 * (32 + 48)
    )


def test_open_sizes_need_an_input_shape() -> None:
    with pytest.raises(ModelError) as caught:
        counts_of(conv_relu("side"))
    assert (caught.value.code, caught.value.values) == ("unknown_shape", {"input": "x"})
    assert counts_of(conv_relu("side"), (1, 3, 16, 16)).macs == 55296


def test_an_open_batch_is_one() -> None:
    graph = conv_relu()
    graph.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    assert counts_of(graph).macs == 55296


def test_weights_listed_as_inputs_are_weights() -> None:
    graph = conv_relu()
    graph.graph.input.append(onnx.helper.make_tensor_value_info("w", 1, [8, 3, 3, 3]))
    assert counts_of(graph).params == 224


def test_constants_in_nodes_are_weights_too() -> None:
    value = onnx.numpy_helper.from_array(weights(2, 2, 1, 1))
    graph = model(
        [node("Constant", [], ["w"], value=value), node("Conv", ["x", "w"], ["y"])],
        {"x": [1, 2, 4, 4]},
        ["y"],
    )
    assert counts_of(graph).params == 4


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07"])
def test_a_file_that_is_no_model_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        counts(path)


def test_counting_leaves_the_model_as_it_was() -> None:
    graph = conv_relu()
    before = graph.SerializeToString(deterministic=True)
    counts_of(graph)
    assert graph.SerializeToString(deterministic=True) == before
