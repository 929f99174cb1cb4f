"""PyTorch comes in as modules, as weights of our own networks, and as programs that their owner trusts."""

from __future__ import annotations

import io
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from edgeslim import workbench
from edgeslim.artifacts.store import Store
from edgeslim.cli.main import main
from edgeslim.errors import ModelError
from edgeslim.models.catalogue import SAMPLES
from edgeslim.models.importing import import_bytes
from edgeslim.models.sample_networks import StreetSignNetwork, digit_network
from edgeslim.models.torch_files import program_as_onnx, weights_as_onnx
from edgeslim.models.torch_modules import module_as_onnx
from edgeslim.ort import open_session
from said import said


class Two(nn.Module):
    """Two outputs under names, BatchNorm in training mode, float64 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout()
        self.double()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        found = self.norm(self.conv(x.to(self.conv.weight.dtype)))
        return {"map": found, "scores": self.drop(found.mean((2, 3)))}


def test_a_module_is_imported_under_a_name_and_stays_as_it_is(store: Store) -> None:
    network = Two()
    found = workbench.from_torch(network, torch.zeros(1, 3, 16, 24), name="two", store=store)
    assert (found.name, found.spec.family) == ("two", "unknown")
    assert (found.spec.input_width, found.spec.input_height) == (24, 16)
    assert found.proof["translated_from"] == "pytorch" and found.proof["translation_error"] < 1e-5
    assert network.training and network.conv.weight.dtype == torch.float64
    image = np.random.default_rng(0).random((1, 3, 16, 24), np.float32)
    given = open_session(store.path(found.sha256)).run(image)
    with torch.no_grad():
        wanted = network.eval().float()(torch.from_numpy(image))
    assert [each.shape for each in given] == [(1, 4, 14, 22), (1, 4)]
    assert np.allclose(given[0], wanted["map"].numpy(), atol=1e-5)
    assert [each.name for each in workbench.list_models(store) if each.origin == "imported"] == ["two"]


@pytest.mark.parametrize(
    ("module", "example", "code"),
    [
        (nn.Conv2d(3, 2, 3), torch.zeros(2, 3, 8, 8), "torch_input"),
        (nn.Conv2d(3, 2, 3), torch.zeros(3, 8, 8), "torch_input"),
        (nn.Conv2d(4, 2, 3), torch.zeros(1, 3, 8, 8), "torch_export"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_told(module: nn.Module, example: Tensor, code: str) -> None:
    with pytest.raises(ModelError) as caught:
        module_as_onnx(module, example, "mine")
    assert (caught.value.code, bool(said(caught.value))) == (code, True)


def test_a_network_that_depends_on_chance_is_refused() -> None:
    class Random(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + torch.rand_like(x)

    with pytest.raises(ModelError) as caught:
        module_as_onnx(Random(), torch.zeros(1, 3, 8, 8), "mine")
    assert caught.value.code == "torch_differs"


def test_weights_of_a_sample_network_become_that_network(store: Store) -> None:
    """As they ship, in a child process: the same outputs as the sample's ONNX file, and its specification."""
    sample = workbench.describe_model("digits-cnn", store=store)
    content = (SAMPLES / "digits-cnn.safetensors").read_bytes()
    found = import_bytes(content, "mine.safetensors", None, store)
    assert found.spec == sample.spec
    image = np.random.default_rng(0).random((1, 1, 8, 8), np.float32)
    (given,) = open_session(found.path).run(image)
    (wanted,) = open_session(SAMPLES / "digits-cnn.onnx").run(image)
    assert np.allclose(given, wanted, atol=1e-5)


def saved(what: object) -> bytes:
    content = io.BytesIO()
    torch.save(what, content)
    return content.getvalue()


def test_a_checkpoint_of_our_detector_with_other_classes_is_known_by_its_shapes() -> None:
    from edgeslim.models.sample_networks import SIZES

    network = StreetSignNetwork(SIZES["street-signs-small"], classes=3)
    told, content = weights_as_onnx(
        saved({"epoch": 3, "state_dict": network.state_dict()}), "mine.pt", (3, 1, 1)
    )
    assert told["hints"]["labels"] == ("class_0", "class_1", "class_2")
    assert (told["hints"]["family"], told["hints"]["input_width"]) == ("fcos", 288)
    assert open_session(content).run(np.zeros((1, 3, 192, 288), np.float32))[0].shape == (1, 3, 24, 36)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (saved(nn.Conv2d(3, 2, 3).state_dict()), "other_format_checkpoint"),
        (saved(OrderedDict(list(digit_network("digits-cnn").state_dict().items())[1:])), "other_format_checkpoint"),
        (saved(nn.Conv2d(3, 2, 3)), "other_format_checkpoint"),
        (safetensors.torch.save({"a": torch.zeros(3)}), "other_format_safetensors"),
    ],
    ids=["other", "incomplete", "pickled", "safetensors"],
)  # fmt: skip
def test_other_weights_are_told_with_the_lines_that_export_them(content: bytes, code: str) -> None:
    with pytest.raises(ModelError, match="opset_version=17") as caught:
        weights_as_onnx(content, "mine.pt", (3, 1, 1))
    assert caught.value.code == code


def script() -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, and still brought
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
        torch.jit.save(torch.jit.trace(network, torch.zeros(1, 3, 32, 32)), content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def test_a_program_is_opened_only_by_who_trusts_it(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.pt"
    path.write_bytes(script())
    with pytest.raises(ModelError, match="can run anything") as caught:
        workbench.import_model(path.read_bytes(), file_name="mine.pt", store=store)
    assert caught.value.code == "other_format_torchscript"
    assert "--trust-this-file" in str(caught.value) and "opset_version=17" in str(caught.value)
    arguments = ["import-model", str(path), "--trust-this-file", "--store", str(store.root)]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "mine: " in told and "translated from pytorch: outputs differ by at most" in told
    other = ["import-model", str(SAMPLES / "digits-cnn.onnx"), "--name", "x", *arguments[2:]]
    assert main(other) == 2
    assert "needs no trust" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore")
def test_an_exported_program_keeps_the_size_of_its_example() -> None:
    content = io.BytesIO()
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval()
    torch.export.save(torch.export.export(network, (torch.zeros(1, 3, 12, 20),)), content)
    _, onnx = program_as_onnx(content.getvalue(), "mine.pt2", (3, 320, 320))
    assert open_session(onnx).run(np.zeros((1, 3, 12, 20), np.float32))[0].shape == (1, 4, 10, 18)
