"""ONNX → torch → ONNX gives the network it started from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import version_converter

from edgeslim.export.onnx import deployable, export_training_form, max_relative_error, to_bytes
from edgeslim.models.torch_graph import to_torch
from example_networks import NETWORKS, OUTPUTS, SIZE, make_network, make_onnx

REAL = Path(__file__).parents[3] / "shared" / "data" / "models"
EXACT = 1e-5


def outputs_of(module: torch.nn.Module, image: torch.Tensor) -> list[np.ndarray]:
    with torch.no_grad():
        result = module(image)
    return [item.numpy() for item in (result if isinstance(result, tuple) else (result,))]


@pytest.mark.parametrize("name", NETWORKS)
def test_imported_network_computes_what_the_original_does(name: str) -> None:
    image = torch.rand(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    expected = outputs_of(make_network(name), image)
    found = outputs_of(to_torch(make_onnx(name)), image)  # imported from a file of batch size 1
    for left, right in zip(expected, found, strict=True):
        assert left.shape == right.shape
        assert np.abs(left - right).max() < EXACT


@pytest.mark.parametrize("name", NETWORKS)
def test_second_round_trip_gives_the_same_bytes(name: str) -> None:
    outputs = OUTPUTS.get(name, ["scores"])
    first = make_onnx(name)
    second = export_training_form(to_torch(first), (1, 3, SIZE, SIZE), "image", outputs)
    third = export_training_form(to_torch(second), (1, 3, SIZE, SIZE), "image", outputs)
    assert max_relative_error(first, second) < EXACT
    assert to_bytes(third) == to_bytes(second)


def test_modules_keep_the_names_of_their_weights() -> None:
    original = {name for name in make_network("depthwise_se").state_dict() if "tracked" not in name}
    imported = {name for name in to_torch(make_onnx("depthwise_se")).state_dict() if "tracked" not in name}
    assert imported == original


def test_batch_norm_stays_a_layer_with_its_statistics() -> None:
    network, imported = make_network("plain_cnn"), to_torch(make_onnx("plain_cnn"))
    norm = imported.get_submodule("features.0.1")
    assert isinstance(norm, torch.nn.BatchNorm2d)
    assert torch.equal(norm.running_mean, network.get_submodule("features.0.1").running_mean)
    assert not imported.training


def test_outputs_keep_their_order() -> None:
    small, large = outputs_of(to_torch(make_onnx("residual_concat_pyramid")), torch.zeros(1, 3, SIZE, SIZE))
    assert small.shape == (1, 6, 64)
    assert large.shape == (1, 4, 4, 6)


@pytest.mark.parametrize(
    ("file", "batchnorms"),
    [
        ("yolox_nano", 0),
        ("nanodet_m_320", 0),
        ("face_detection_yunet_2026may", 0),
        ("ultraface_RFB-320", 35),
    ],
)
def test_real_detectors_survive_the_round_trip(file: str, batchnorms: int) -> None:
    path = REAL / f"{file}.onnx"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    model = sane(path)
    shape = [size.dim_value for size in model.graph.input[0].type.tensor_type.shape.dim]
    module = to_torch(model)
    assert sum(isinstance(layer, torch.nn.BatchNorm2d) for layer in module.modules()) == batchnorms
    back = export_training_form(
        module, shape, model.graph.input[0].name, [item.name for item in model.graph.output]
    )
    assert max_relative_error(model, back) < 1e-4
    assert max_relative_error(model, deployable(back)) < 1e-4


def sane(path: Path) -> onnx.ModelProto:
    """Opset 17, weights no inputs, a fixed size."""
    model = onnx.load(path)
    weights = {item.name for item in model.graph.initializer}
    inputs = [item for item in model.graph.input if item.name not in weights]
    del model.graph.input[:], model.graph.value_info[:]
    for size in inputs[0].type.tensor_type.shape.dim[2:]:
        size.dim_value = size.dim_value or 320
    model.graph.input.extend(inputs)
    for item in model.graph.output:
        item.type.tensor_type.ClearField("shape")
    return version_converter.convert_version(model, 17)
