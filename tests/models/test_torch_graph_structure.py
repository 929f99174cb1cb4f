"""How an imported graph is built: shared weights, free batch, shapes folded, no leftovers."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edgeslim.export.onnx import export_training_form
from edgeslim.models.torch_graph import to_torch


def model_of(
    nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], outputs: int = 1
) -> onnx.ModelProto:
    """x (1, 2, 4, 4) → y…"""
    graph = helper.make_graph(
        nodes,
        "example",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 2, 4, 4))],
        [helper.make_empty_tensor_value_info(f"y{index}") for index in range(outputs)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def node(operator: str, inputs: str, outputs: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(operator, inputs.split(), outputs.split(), **attributes)


def test_weights_used_twice_are_one_module() -> None:
    weight = np.random.default_rng(0).standard_normal((2, 2, 1, 1)).astype(np.float32)
    model = model_of(
        [node("Conv", "x head.weight", "a"), node("Relu", "a", "b"), node("Conv", "b head.weight", "y0")],
        {"head.weight": weight},
    )
    module = to_torch(model)
    assert list(dict(module.named_parameters())) == ["head.weight"]
    back = export_training_form(module, (1, 2, 4, 4), "x", ["y0"])
    assert [item.name for item in back.graph.initializer] == ["head.weight"]


def test_equal_but_separate_weights_stay_separate() -> None:
    ones = np.ones((2, 2, 1, 1), np.float32)
    model = model_of(
        [node("Conv", "x a.weight", "h"), node("Conv", "h b.weight", "y0")],
        {"a.weight": ones, "b.weight": ones},
    )
    back = export_training_form(to_torch(model), (1, 2, 4, 4), "x", ["y0"])
    assert [item.name for item in back.graph.initializer] == ["a.weight", "b.weight"]


def test_product_and_sum_become_one_linear_layer() -> None:
    model = model_of(
        [node("MatMul", "x fc.weight", "h"), node("Add", "fc.bias h", "y0")],
        {"fc.weight": np.ones((4, 3), np.float32), "fc.bias": np.array([1, 2, 3], np.float32)},
    )
    module = to_torch(model)
    assert isinstance(module.fc, nn.Linear)
    assert module.fc.bias.tolist() == [1, 2, 3]
    assert module(torch.ones(1, 2, 4, 4))[0, 0, 0].tolist() == [5, 6, 7]


def test_a_product_that_is_read_twice_gets_no_bias() -> None:
    model = model_of(
        [node("MatMul", "x w", "h"), node("Add", "h b", "y0"), node("Relu", "h", "y1")],
        {"w": np.ones((4, 3), np.float32), "b": np.array([1, 2, 3], np.float32)},
        outputs=2,
    )
    biased, plain = to_torch(model)(torch.ones(1, 2, 4, 4))
    assert biased[0, 0, 0].tolist() == [5, 6, 7]
    assert plain[0, 0, 0].tolist() == [4, 4, 4]


def test_shape_arithmetic_leaves_no_trace() -> None:
    """x.view(x.shape[0], -1), as older exporters write it."""
    model = model_of(
        [
            node("Shape", "x", "s"),
            node("Gather", "s zero", "n", axis=0),
            node("Unsqueeze", "n axis", "n1"),
            node("Concat", "n1 rest", "target", axis=0),
            node("Reshape", "x target", "y0"),
        ],
        {"zero": np.array(0, np.int64), "axis": np.array([0]), "rest": np.array([-1])},
    )
    module = to_torch(model)
    called = [item.target for item in module.graph.nodes if item.op == "call_function"]
    assert called == [torch.flatten]
    assert module(torch.zeros(5, 2, 4, 4)).shape == (5, 32)


def test_names_that_collide_or_are_numbers_are_made_usable() -> None:
    weights = {
        "465": np.ones((2, 1, 1), np.float32),
        "stem.weight": np.ones((2, 2, 1, 1), np.float32),
        "stem.scale": np.full((1, 2, 1, 1), 2, np.float32),
    }
    nodes = [node("Conv", "x stem.weight", "a"), node("Mul", "a stem.scale", "b"), node("Mul", "b 465", "y0")]
    module = to_torch(model_of(nodes, weights))
    assert sorted(module.state_dict()) == ["stem.weight", "stem_scale", "tensor_465"]
    assert module(torch.ones(1, 2, 4, 4)).unique().tolist() == [4.0]
    export_training_form(module, (1, 2, 4, 4), "x", ["y0"])


def test_names_that_are_words_of_python_are_made_usable() -> None:
    """As PaddlePaddle counts its tensors: …, ie, if, ig."""
    weights = {"if.weight": np.ones((2, 2, 1, 1), np.float32)}
    module = to_torch(model_of([node("Conv", "x if.weight", "y0")], weights))
    assert list(module.state_dict()) == ["if_.weight"]
    assert module(torch.ones(1, 2, 4, 4)).unique().tolist() == [2.0]


def test_importing_draws_no_random_numbers() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    model = model_of([node("Conv", "x w", "y0")], {"w": np.ones((2, 2, 1, 1), np.float32)})
    to_torch(model)
    assert torch.equal(torch.rand(1), expected)
