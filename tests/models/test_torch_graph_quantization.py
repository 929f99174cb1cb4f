"""Quantized graphs in torch give what onnxruntime gives, as float arithmetic through which gradients pass."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from edgeslim.errors import ModelError
from edgeslim.models.proof import run
from edgeslim.models.torch_graph import to_torch
from edgeslim.models.torch_graph.elementwise import quantized

SHAPE = (1, 3, 8, 8)


def model_of(nodes: list[onnx.NodeProto], stored: dict[str, np.ndarray], opset: int = 17) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "main",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def both(model: onnx.ModelProto) -> tuple[np.ndarray, np.ndarray]:
    """What onnxruntime and what torch give for one image."""
    image = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    with torch.no_grad():
        return run(model.SerializeToString(), [image])[0][0], to_torch(model)(torch.from_numpy(image)).numpy()


@pytest.mark.parametrize(("kind", "zero"), [(np.uint8, 120), (np.int8, -7), (np.uint8, 0)])
def test_activations_are_rounded_and_clipped_as_there(kind: type, zero: int) -> None:
    fixed = ["scale", "zero"]
    nodes = [
        helper.make_node("QuantizeLinear", ["image", *fixed], ["codes"]),
        helper.make_node("DequantizeLinear", ["codes", *fixed], ["result"]),
    ]
    stored = {"scale": np.array(0.011, np.float32), "zero": np.array(zero, kind)}
    expected, found = both(model_of(nodes, stored))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert len(np.unique(expected)) > 50


def test_integer_convolution_has_float_weights_of_its_grid() -> None:
    random = np.random.default_rng(1)
    stored = {
        "codes": random.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8),
        "scale": random.uniform(0.001, 0.1, 4).astype(np.float32),
        "zero": np.zeros(4, np.int8),
        "bias_codes": random.integers(-5000, 5000, 4).astype(np.int32),
        "bias_scale": random.uniform(1e-4, 1e-3, 4).astype(np.float32),
        "bias_zero": np.zeros(4, np.int32),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["codes", "scale", "zero"], ["w"], axis=0),
        helper.make_node("DequantizeLinear", ["bias_codes", "bias_scale", "bias_zero"], ["b"], axis=0),
        helper.make_node("Conv", ["image", "w", "b"], ["result"], name="conv"),
    ]
    model = model_of(nodes, stored)
    expected, found = both(model)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    layer = next(item for item in to_torch(model).modules() if isinstance(item, torch.nn.Conv2d))
    steps = layer.weight.detach().numpy() / stored["scale"][:, None, None, None]
    np.testing.assert_allclose(steps, stored["codes"], atol=1e-4)


def test_last_axis_of_a_matrix_has_scales_too() -> None:
    stored = {
        "codes": np.arange(-12, 12, dtype=np.int8).reshape(8, 3),
        "scale": np.array([0.1, 1, 10], np.float32),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["codes", "scale"], ["w"], axis=1),
        helper.make_node("MatMul", ["image", "w"], ["result"]),
    ]
    image = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    with torch.no_grad():
        found = to_torch(model_of(nodes, stored))(torch.from_numpy(image)).numpy()
    # onnxruntime rounds the image as well before it multiplies such matrices
    np.testing.assert_allclose(found, image @ (stored["codes"] * stored["scale"]), rtol=1e-4, atol=1e-4)


def test_blocks_are_refused_by_name() -> None:
    stored = {"codes": np.zeros((8, 4), np.int8), "scale": np.ones((2, 4), np.float32)}
    nodes = [
        helper.make_node("DequantizeLinear", ["codes", "scale"], ["w"], axis=0, block_size=4),
        helper.make_node("MatMul", ["image", "w"], ["result"]),
    ]
    with pytest.raises(ModelError) as caught:
        to_torch(model_of(nodes, stored, opset=21))
    assert caught.value.code == "unsupported_operator"
    assert caught.value.values["operator"] == "DequantizeLinear"


def test_gradients_pass_inside_the_range_alone() -> None:
    values = torch.tensor([0.4, -30.0, 30.0], requires_grad=True)
    quantized(values, 0.1, 128.0, 0, 255).sum().backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad, torch.tensor([10.0, 0.0, 0.0]))


def test_values_halfway_between_two_codes_go_where_onnxruntime_takes_them() -> None:
    """To the even multiple of the scale, whatever the zero point: it is added to what is rounded."""
    halves = np.arange(-8, 8, dtype=np.float32) + 0.5
    for zero in (128.0, 127.0):
        found = quantized(torch.from_numpy(halves), 1.0, zero, 0, 255).numpy()
        np.testing.assert_array_equal(found, np.rint(halves) + zero)
    fixed = ["scale", "zero"]
    nodes = [
        helper.make_node("QuantizeLinear", ["image", *fixed], ["codes"]),
        helper.make_node("DequantizeLinear", ["codes", *fixed], ["result"]),
    ]
    model = model_of(nodes, {"scale": np.array(0.5, np.float32), "zero": np.array(127, np.uint8)})
    image = np.resize(halves / 2, SHAPE)
    with torch.no_grad():
        expected, found = (
            run(model.SerializeToString(), [image])[0][0],
            to_torch(model)(torch.from_numpy(image)),
        )
    np.testing.assert_array_equal(found.numpy(), expected)
