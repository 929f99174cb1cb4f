"""Torch → ONNX: names, bytes and BatchNormalization are kept; what the first exporter lacks goes the other way."""

from __future__ import annotations

import copy

import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from edgeslim.export.onnx import export_training_form, max_relative_error, to_bytes
from example_networks import SIZE, make_network, make_onnx

SHAPE = (1, 3, SIZE, SIZE)


def exported(module: nn.Module) -> bytes:
    return to_bytes(export_training_form(module, SHAPE, "image", ["scores"]))


def test_equal_weights_give_equal_bytes() -> None:
    network = make_network("depthwise_se")
    assert exported(network) == exported(copy.deepcopy(network)) == exported(make_network("depthwise_se"))
    assert exported(network) != exported(make_network("depthwise_se", seed=1))


def test_module_in_training_mode_is_exported_for_inference_and_left_as_it_was() -> None:
    network = make_network("plain_cnn")
    expected = exported(network)
    before = copy.deepcopy(network.state_dict())
    network.train()
    assert exported(network) == expected
    assert network.training
    assert network.get_submodule("features.0.1").training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_batch_normalization_and_weight_names_are_kept() -> None:
    model = make_onnx("plain_cnn")
    assert [node.op_type for node in model.graph.node].count("BatchNormalization") == 2
    names = {item.name for item in model.graph.initializer}
    assert {"features.0.0.weight", "features.0.1.running_var", "classify.bias"} <= names
    assert model.opset_import[0].version == 17
    assert [item.name for item in model.graph.input] == ["image"]


def test_initial_batch_norms_are_not_merged_into_one() -> None:
    """They hold equal numbers; one shared weight would be trained as one."""
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))
    model = export_training_form(network, SHAPE, "image", ["scores"])
    norms = [node for node in model.graph.node if node.op_type == "BatchNormalization"]
    assert not set(norms[0].input[1:]) & set(norms[1].input[1:])


class Rare(nn.Module):
    """Its interpolation is not in the first exporter."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)

    def forward(self, image: Tensor) -> Tensor:
        return functional.interpolate(self.norm(self.conv(image)), scale_factor=2.0, mode="nearest-exact")


def test_operator_unknown_to_the_first_exporter_goes_through_the_second(
    capsys: pytest.CaptureFixture[str],
) -> None:
    torch.manual_seed(0)
    network = Rare().eval()
    model = export_training_form(network, SHAPE, "image", ["scores"])
    assert "BatchNormalization" in [node.op_type for node in model.graph.node]
    assert not model.metadata_props
    assert not any(node.metadata_props for node in model.graph.node)
    kept = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    assert (kept["conv.weight"] == network.conv.weight.detach().numpy()).all()
    assert max_relative_error(model, model) == 0.0
    assert capsys.readouterr().out == ""
