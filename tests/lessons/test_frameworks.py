"""Frameworks: files, answers and speed of the same network, on the kept results and on a small one made now."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch

from edgeslim.artifacts.store import Store
from edgeslim.lessons.base import Outcome
from edgeslim.lessons.frameworks.answers import Answers
from edgeslim.lessons.frameworks.made import (
    TorchSession,
    files,
    images,
    opened,
    safetensors,
    state_dict,
    torch_network,
)
from edgeslim.lessons.frameworks.sizes import FLOATS, MODELS, Files
from edgeslim.lessons.frameworks.speed import Speed
from edgeslim.lessons.kept import outcome
from edgeslim.lessons.lab import Lab
from edgeslim.runtime import RUNTIMES


def kept(setting, tmp_path) -> Outcome:
    found = outcome("frameworks", setting, Store(tmp_path))
    assert found is not None
    return found


@pytest.mark.parametrize("model", MODELS)
def test_a_program_is_the_largest_file_and_a_graph_costs_next_to_nothing(model, tmp_path) -> None:
    found = kept(Files(model=model), tmp_path)
    sizes = {name: found.facts[name].value for name in FLOATS}
    assert found.answer == "torch_program" == max(sizes, key=lambda name: sizes[name])
    assert sizes["onnx"] < sizes["torch_weights"]
    assert sizes["onnx"] == pytest.approx(found.facts["weights"].value, rel=0.05)
    assert found.facts["smallest"].value < 0.35 * found.facts["weights"].value


@pytest.mark.parametrize("model", MODELS)
def test_onnx_differs_from_pytorch_in_the_last_digits_and_in_no_decision(model, tmp_path) -> None:
    found = kept(Answers(model=model), tmp_path)
    assert found.answer == "digits"
    assert found.facts["equal"].value < 1 and found.facts["agreement"].value == 1
    assert found.facts["decibels"].value > 100 > found.facts["worst_decibels"].value
    assert found.on.machine


def test_four_bits_change_some_decisions_of_the_detector(tmp_path) -> None:
    found = kept(Answers(), tmp_path)
    assert found.facts["worst"].high < 1


def test_the_runtime_is_faster_than_pytorch_beyond_noise_and_names_its_machine(tmp_path) -> None:
    found = kept(Speed(), tmp_path)
    assert found.facts["faster"].low > 1.2
    assert found.facts["faster"].value == pytest.approx(
        found.facts["torch"].value / found.facts["onnx"].value, rel=0.02
    )
    assert found.on.machine


def test_few_bits_alone_make_nothing_faster_and_integers_do(tmp_path) -> None:
    table = kept(Speed(model="street-signs-medium"), tmp_path).views[1]
    low_bits, int8 = (table.values[table.rows.index(name)] for name in ("onnx_4_bits", "onnx_int8"))
    assert low_bits[1] > 0.9 > int8[3]


def test_weights_files_hold_the_weights_and_no_more() -> None:
    network = torch_network("digits-mlp")
    numbers = 4 * sum(each.numel() for each in network.state_dict().values())
    assert numbers < len(safetensors(network)) < len(state_dict(network)) < 1.1 * numbers
    loaded = torch.load(io.BytesIO(state_dict(network)), weights_only=True)
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in loaded.items())


def test_a_network_says_the_same_here_and_now(tmp_path) -> None:
    lab = Lab(Store(tmp_path))
    sessions = opened(lab, "digits-mlp")
    (tensor,) = images(lab, "digits-mlp", 1)
    (before,), (after,) = sessions["torch"].run(tensor), sessions["onnx"].run(tensor)
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-5)
    assert before.shape == (1, 10) and {"onnx_float16", "onnx_int8", "onnx_4_bits"} < sessions.keys()
    now, then = Files(model="digits-mlp").run(lab), kept(Files(model="digits-mlp"), tmp_path)
    assert now.facts["onnx"].value == pytest.approx(then.facts["onnx"].value, rel=0.01)
    assert now.answer == then.answer


def test_a_runtime_that_is_installed_joins_the_lesson(tmp_path) -> None:
    class Other:
        """onnxruntime under another name."""

        name, format, packages = "other", "onnx", ("other",)

        def version(self) -> str:
            return "1"

        def open(self, file, threads=1):
            return RUNTIMES.get("onnxruntime").open(file, threads)

    with RUNTIMES.with_item(Other()):
        made = files(Lab(Store(tmp_path)), "digits-mlp")
    assert [each.name for each in made][-1] == "other"


def test_pytorch_runs_on_as_many_threads_as_it_is_told(monkeypatch) -> None:
    told = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    session = TorchSession(torch_network("digits-mlp"), (1, 1, 8, 8), threads=torch.get_num_threads() + 1)
    session.run(np.zeros((1, 1, 8, 8), np.float32))
    assert told == [torch.get_num_threads() + 1]
