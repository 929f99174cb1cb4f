"""Every known operator, alone, gives what onnxruntime gives; others are refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from edgeslim.errors import ModelError
from edgeslim.models.proof import run
from edgeslim.models.torch_graph import to_torch

RANDOM = np.random.default_rng(0)
IMAGE = (1, 4, 6, 7)


def floats(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def integers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def graph_of(
    operator: str,
    weights: Sequence[np.ndarray | None] = (),
    shape: Sequence[int] = IMAGE,
    outputs: int = 1,
    opset: int = 17,
    **attributes: Any,
) -> onnx.ModelProto:
    """One node fed by the image and weights (None: left out)."""
    names = ["" if weight is None else f"w{index}" for index, weight in enumerate(weights)]
    made = [f"y{index}" for index in range(outputs)]
    node = helper.make_node(operator, ["x", *names], made, name="it", **attributes)
    graph = helper.make_graph(
        [node],
        "single",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info(name) for name in made],
        [numpy_helper.from_array(w, n) for w, n in zip(weights, names, strict=True) if w is not None],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def largest_difference(model: onnx.ModelProto, low: float = -3.0) -> float:
    entry = model.graph.input[0].type.tensor_type
    sizes = [size.dim_value for size in entry.shape.dim]
    image = RANDOM.uniform(low, 3.0, sizes).astype(np.float32)
    expected = run(model.SerializeToString(), [image])[0]
    with torch.no_grad():
        found = to_torch(model)(torch.from_numpy(image))
    found = found if isinstance(found, tuple) else (found,)
    assert [item.shape for item in expected] == [tuple(item.shape) for item in found]
    return max(float(np.abs(a - b.numpy()).max()) for a, b in zip(expected, found, strict=True))


STATISTICS = [floats(4), floats(4), floats(4), np.abs(floats(4)) + 0.5]
CASES: dict[str, onnx.ModelProto] = {
    "conv": graph_of("Conv", [floats(5, 4, 3, 3), floats(5)], pads=[1, 1, 1, 1], strides=[2, 1]),
    "conv_asymmetric_pads": graph_of("Conv", [floats(5, 4, 3, 3)], pads=[0, 0, 1, 2], strides=[2, 2]),
    "conv_same_upper": graph_of("Conv", [floats(5, 4, 3, 3)], auto_pad="SAME_UPPER", strides=[2, 2]),
    "conv_same_lower": graph_of("Conv", [floats(5, 4, 2, 2)], auto_pad="SAME_LOWER"),
    "conv_depthwise": graph_of("Conv", [floats(4, 1, 3, 3)], group=4, dilations=[1, 2]),
    "conv_grouped": graph_of("Conv", [floats(6, 2, 1, 1)], group=2),
    "conv_1d": graph_of("Conv", [floats(5, 4, 3)], shape=(1, 4, 9), pads=[1, 1]),
    "conv_transpose": graph_of(
        "ConvTranspose", [floats(4, 5, 3, 3)], strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]
    ),
    "conv_transpose_grouped": graph_of("ConvTranspose", [floats(4, 3, 2, 2)], strides=[2, 2], group=2),
    "batch_norm": graph_of("BatchNormalization", STATISTICS, epsilon=1e-3),
    "instance_norm": graph_of("InstanceNormalization", [floats(4), floats(4)]),
    "layer_norm": graph_of("LayerNormalization", [floats(7), floats(7)]),
    "gemm_transposed": graph_of(
        "Gemm", [floats(3, 5), floats(3)], shape=(2, 5), transB=1, alpha=0.5, beta=2.0
    ),
    "gemm_plain": graph_of("Gemm", [floats(5, 3)], shape=(2, 5)),
    "matmul": graph_of("MatMul", [floats(7, 3)]),
    "prelu": graph_of("PRelu", [floats(4, 1, 1)]),
    "leaky_relu": graph_of("LeakyRelu", alpha=0.1),
    "elu": graph_of("Elu", alpha=0.7),
    "hard_sigmoid": graph_of("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hard_sigmoid_default": graph_of("HardSigmoid"),
    "hard_swish": graph_of("HardSwish"),
    "softplus": graph_of("Softplus"),
    "mish": graph_of("Mish", opset=18),
    "gelu": graph_of("Gelu", opset=20, approximate="tanh"),
    "clip_six": graph_of("Clip", [np.array(0, np.float32), np.array(6, np.float32)]),
    "clip_above": graph_of("Clip", [None, np.array(1, np.float32)]),
    "softmax": graph_of("Softmax", axis=1),
    "log_softmax": graph_of("LogSoftmax", axis=-1),
    "max_pool": graph_of("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "max_pool_asymmetric": graph_of("MaxPool", kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 0, 1]),
    "max_pool_ceil": graph_of("MaxPool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "average_pool": graph_of("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    "average_pool_counting": graph_of(
        "AveragePool", kernel_shape=[3, 3], pads=[1, 0, 1, 2], count_include_pad=1
    ),
    "global_average_pool": graph_of("GlobalAveragePool"),
    "global_max_pool": graph_of("GlobalMaxPool"),
    "resize_nearest": graph_of(
        "Resize",
        [None, np.array([1, 1, 2, 3], np.float32)],
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    ),
    "resize_nearest_half_pixel": graph_of("Resize", [None, np.array([1, 1, 1.5, 2], np.float32)]),
    "resize_nearest_down": graph_of("Resize", [None, None, integers(1, 4, 3, 4)], nearest_mode="ceil"),
    "resize_linear": graph_of("Resize", [None, None, integers(1, 4, 9, 14)], mode="linear"),
    "resize_linear_aligned": graph_of(
        "Resize",
        [None, None, integers(1, 4, 9, 14)],
        mode="linear",
        coordinate_transformation_mode="align_corners",
    ),
    "slice": graph_of("Slice", [integers(1, 0), integers(-1, 2**62), integers(2, 3), integers(1, 2)]),
    "slice_backwards": graph_of("Slice", [integers(-1), integers(-(2**62)), integers(3), integers(-1)]),
    "split": graph_of("Split", [integers(1, 3)], outputs=2, axis=1),
    "split_evenly": graph_of("Split", outputs=3, axis=2),
    "gather_one": graph_of("Gather", [np.array(2, np.int64)], axis=1),
    "gather_many": graph_of("Gather", [integers(2, -1)], axis=3),
    "gather_table": graph_of("Gather", [np.array([[0, 1], [2, 3]], np.int64)], axis=1),
    "reshape_copying": graph_of("Reshape", [integers(0, 0, -1)]),
    "reshape_any": graph_of("Reshape", [integers(1, 8, 3, 7)]),
    "flatten": graph_of("Flatten", axis=2),
    "transpose": graph_of("Transpose", perm=[0, 2, 3, 1]),
    "squeeze": graph_of("Squeeze", [integers(0)]),
    "unsqueeze": graph_of("Unsqueeze", [integers(1, -1)]),
    "expand": graph_of("Expand", [integers(2, 1, 4, 6, 7)]),
    "tile": graph_of("Tile", [integers(1, 2, 1, 1)]),
    "pad": graph_of("Pad", [integers(0, 0, 1, 2, 0, 0, 3, 0), np.array(0.5, np.float32)]),
    "pad_reflect": graph_of("Pad", [integers(0, 0, 1, 2, 0, 0, 1, 0)], mode="reflect"),
    "depth_to_space": graph_of("DepthToSpace", blocksize=2),
    "depth_to_space_crd": graph_of("DepthToSpace", blocksize=2, mode="CRD"),
    "space_to_depth": graph_of("SpaceToDepth", shape=(1, 3, 6, 8), blocksize=2),
    "reduce_mean": graph_of("ReduceMean", axes=[2, 3]),
    "reduce_sum_flat": graph_of("ReduceSum", [integers(1)], keepdims=0),
    "reduce_max_all": graph_of("ReduceMax"),
    "reduce_l2": graph_of("ReduceL2", axes=[1]),
    "argmax": graph_of("ArgMax", axis=1, keepdims=0),
    "concat": graph_of("Concat", [floats(1, 2, 6, 7)], axis=1),
    "multiply_by_channel": graph_of("Mul", [floats(4, 1, 1)]),
    "divide": graph_of("Div", [np.array(3, np.float32)]),
    "power": graph_of("Pow", [np.array(2, np.float32)]),
    "minimum": graph_of("Min", [floats(1, 4, 6, 7), floats(7)]),
    "gru": graph_of(
        "GRU",
        [floats(1, 15, 3), floats(1, 15, 5), floats(1, 30)],
        shape=(4, 1, 3),
        outputs=2,
        hidden_size=5,
        linear_before_reset=1,
    ),
    "gru_both_ways": graph_of(
        "GRU",
        [floats(2, 15, 3), floats(2, 15, 5), floats(2, 30)],
        shape=(4, 1, 3),
        outputs=2,
        hidden_size=5,
        linear_before_reset=1,
        direction="bidirectional",
    ),
    "lstm": graph_of(
        "LSTM",
        [floats(1, 20, 3), floats(1, 20, 5), floats(1, 40), None, floats(1, 1, 5), floats(1, 1, 5)],
        shape=(4, 1, 3),
        outputs=3,
        hidden_size=5,
    ),
    **{
        name: graph_of(name)
        for name in ("Relu", "Sigmoid", "Tanh", "Exp", "Abs", "Neg", "Floor", "Erf", "Sin")
    },
}
POSITIVE = {"Sqrt": graph_of("Sqrt"), "Log": graph_of("Log"), "Reciprocal": graph_of("Reciprocal")}


@pytest.mark.parametrize("name", CASES)
def test_operator_gives_what_onnxruntime_gives(name: str) -> None:
    assert largest_difference(CASES[name]) < 2e-5


@pytest.mark.parametrize("name", POSITIVE)
def test_operator_of_positive_numbers(name: str) -> None:
    assert largest_difference(POSITIVE[name], low=0.5) < 1e-5


REFUSED = {
    "an unknown operator": (graph_of("NonZero"), "NonZero"),
    "a 3-D convolution": (graph_of("Conv", [floats(2, 4, 1, 1, 1)], shape=(1, 4, 3, 3, 3)), "Conv"),
    "a GRU that resets first": (
        graph_of("GRU", [floats(1, 15, 3), floats(1, 15, 5)], shape=(4, 1, 3), outputs=2, hidden_size=5),
        "GRU",
    ),
    "cubic resizing": (graph_of("Resize", [None, None, integers(1, 4, 9, 14)], mode="cubic"), "Resize"),
    "a training-mode BatchNormalization": (
        graph_of("BatchNormalization", STATISTICS, training_mode=1, outputs=3),
        "BatchNormalization",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_known_is_refused_by_name(what: str) -> None:
    model, operator = REFUSED[what]
    with pytest.raises(ModelError) as caught:
        to_torch(model)
    assert caught.value.code == "unsupported_operator"
    assert caught.value.values["operator"] == operator
    assert operator in str(caught.value)


def test_old_opset_is_refused_with_the_remedy() -> None:
    with pytest.raises(ModelError, match="import-model") as caught:
        to_torch(graph_of("Relu", opset=11))
    assert caught.value.code == "old_opset"


def test_open_input_size_is_refused() -> None:
    with pytest.raises(ModelError) as caught:
        to_torch(graph_of("Relu", shape=(1, 3, 0, 0)))
    assert caught.value.code == "dynamic_input"
