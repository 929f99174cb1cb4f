"""The graph to ship: smaller, equal outputs, or refused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from edgeslim.errors import ModelError
from edgeslim.export.onnx import deployable, export_training_form, max_relative_error, shipped, to_bytes
from example_networks import NETWORKS, SIZE, make_network, make_onnx

SHAPE = (1, 3, SIZE, SIZE)


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def weights_of(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_are_equal_and_batch_norm_is_gone(name: str) -> None:
    model = make_onnx(name)
    before = to_bytes(model)
    result = deployable(model)
    assert "BatchNormalization" not in operators(result)
    assert max_relative_error(model, result) < 1e-5
    assert to_bytes(model) == before
    assert to_bytes(deployable(result)) == to_bytes(result)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 6, 3, bias=False),
        nn.Conv2d(3, 6, 3, groups=3),
        nn.ConvTranspose2d(3, 6, 2, stride=2),
        nn.ConvTranspose2d(3, 6, 2, groups=3),
    ],
    ids=["conv", "grouped", "transposed", "transposed grouped"],
)
def test_batch_norm_folds_into_every_kind_of_convolution(layer: nn.Module) -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(6)
    nn.init.uniform_(norm.weight, -2, 2)
    nn.init.normal_(norm.running_mean)
    nn.init.uniform_(norm.running_var, 0.1, 3)
    model = export_training_form(nn.Sequential(layer, norm), SHAPE, "image", ["y"])
    result = deployable(model)
    assert len(result.graph.node) == 1
    assert max_relative_error(model, result) < 1e-5


def test_convolution_read_twice_keeps_its_batch_norm() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)

        def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
            x = self.conv(image)
            return x, self.norm(x)

    model = export_training_form(Both(), SHAPE, "image", ["raw", "normed"])
    assert "BatchNormalization" in operators(deployable(model))


def test_one_convolution_before_two_batch_norms_is_split() -> None:
    """A shared head with a BatchNorm per level: each level gets its own folded weight."""

    class Levels(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 1, bias=False)
            self.norms = nn.ModuleList(nn.BatchNorm2d(4) for _ in range(2))
            nn.init.constant_(self.norms[1].weight, 3.0)

        def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
            return self.norms[0](self.conv(image)), self.norms[1](self.conv(image[:, :, ::2, ::2]))

    model = export_training_form(Levels(), SHAPE, "image", ["large", "small"])
    result = deployable(model)
    assert operators(result).count("Conv") == 2
    assert "BatchNormalization" not in operators(result)
    assert max_relative_error(model, result) < 1e-5


def test_zeros_survive_folding_as_zeros() -> None:
    network = make_network("plain_cnn")
    conv = network.get_submodule("features.0.0")
    with torch.no_grad():
        conv.weight[::2] = 0.0
        network.get_submodule("features.0.1").weight.neg_()
    weight = weights_of(deployable(export_training_form(network, SHAPE, "image", ["y"])))[
        "features.0.0.weight"
    ]
    assert (weight[::2] == 0).all()
    assert not np.signbit(weight[::2]).any()
    assert (weight[1::2] != 0).all()


def test_asymmetric_pads_go_into_the_convolution() -> None:
    class Padded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, stride=2)

        def forward(self, image: Tensor) -> Tensor:
            return self.conv(functional.pad(image, (0, 1, 0, 1)))

    model = export_training_form(Padded(), SHAPE, "image", ["y"])
    result = deployable(model)
    assert operators(result) == ["Conv"]
    assert max_relative_error(model, result) < 1e-6


def test_weights_that_are_not_numbers_are_refused() -> None:
    network = make_network("mlp")
    with torch.no_grad():
        network.get_parameter("hidden.weight")[0, 0] = float("nan")
    with pytest.raises(ModelError) as caught:
        deployable(export_training_form(network, SHAPE, "image", ["y"]))
    assert caught.value.code == "outputs_changed"


def test_shipped_file_has_short_inner_names_and_the_same_outputs() -> None:
    model = deployable(make_onnx("residual_concat_pyramid"))
    result = shipped(model)
    assert len(to_bytes(result)) < len(to_bytes(model)) - 1000
    assert max_relative_error(model, result) == 0.0
    assert [item.name for item in result.graph.output] == ["small", "large"]
    assert {"stem.0.weight", "top.weight"} <= {item.name for item in result.graph.initializer}


def test_graph_with_branches_keeps_its_names() -> None:
    """Names inside a branch refer to those outside."""
    branch = helper.make_graph(
        [helper.make_node("Relu", ["outer"], ["inner"])],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, [1, 3])],
    )
    nodes = [
        helper.make_node("Neg", ["x"], ["outer"], name="first"),
        helper.make_node("If", ["always"], ["y"], then_branch=branch, else_branch=branch),
    ]
    graph = helper.make_graph(
        nodes,
        "branching",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.array(True), "always")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    assert shipped(model).graph.node[0].name == "first"
