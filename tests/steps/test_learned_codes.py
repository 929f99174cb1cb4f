"""What is stored learns: codes, codebooks, scales and biases, and what was trained is what the file computes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch.nn.utils import parametrize

from edgeslim.export.onnx import to_bytes
from edgeslim.export.packed import CodedWeight, Layout, unpacked
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import OnnxStep, StepContext
from edgeslim.steps.clustering import WeightClustering
from edgeslim.steps.onnx_layers.coded import CodedNetwork, stored
from edgeslim.steps.onnx_layers.layers import array_of, weight_layers
from edgeslim.steps.onnx_layers.learned_codes import LearnedCodes, Rounding
from edgeslim.steps.onnx_layers.learning import Learner, learnable
from edgeslim.steps.quantization import LowBitWeights, MixedLowBitWeights
from example_networks import make_onnx
from low_bit_networks import context, inputs, network, noise_db, outputs, pruned, weights

ALL_ALIKE = {"first_last_bits": 0, "depthwise_bits": 0}
TRAINED = {"rounding": "trained", "steps": 40, "learning_rate": 0.05, "statistics": False, **ALL_ALIKE}
"""Without statistics there is much to be made good, even by few steps on few images."""
NAME = "residual_concat_pyramid"


def trained(
    step: OnnxStep, name: str, folder: Path, model: onnx.ModelProto | None = None
) -> tuple[onnx.ModelProto, StepContext]:
    """As a detector of unknown family: outputs are compared as numbers; untrained classifiers are sure of nothing."""
    folder.joinpath("original.onnx").write_bytes(to_bytes(make_onnx(name)))
    told = dataclasses.replace(context("residual_concat_pyramid"), original=folder / "original.onnx")
    return step.apply(network(name) if model is None else model, told), told


def codes_of(step: OnnxStep, name: str, monkeypatch: pytest.MonkeyPatch) -> CodedNetwork:
    """What an untrained step chooses."""
    found: list[CodedNetwork] = []
    module = __import__(type(step).__module__, fromlist=["packed"])
    packed = module.packed

    def keep(*given: object) -> object:
        result = packed(*given)
        found.append(result[1])
        return result

    monkeypatch.setattr(module, "packed", keep)
    step.apply(network(name), context(name))
    return found[0]


@pytest.mark.parametrize(
    "step",
    [
        LowBitWeights(bits=3, **ALL_ALIKE),
        LowBitWeights(bits=3, symmetric=False, granularity="group", group_size=8, **ALL_ALIKE),
        LowBitWeights(scheme="ternary", granularity="layer", **ALL_ALIKE),
        LowBitWeights(scheme="binary", vectors="float32", **ALL_ALIKE),
        WeightClustering(values=6, channels_per_codebook=4, **ALL_ALIKE),
        WeightClustering(values=6, channel_scales=False, **ALL_ALIKE),
    ],
    ids=lambda step: f"{step.name}-{getattr(step, 'scheme', '')}{getattr(step, 'granularity', '')}",
)
@pytest.mark.parametrize("name", ["residual_concat_pyramid", "depthwise_se", "mlp"])
def test_training_starts_at_what_is_stored(
    step: OnnxStep, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, coded = network(name), codes_of(step, name, monkeypatch)
    layers = weight_layers(model)
    file = stored(model, coded, layers, "packed")
    student = to_torch(unpacked(file))
    original = {layer.name: array_of(model, layer.name) for layer in layers}
    learner = Learner(student, learnable(model, layers), coded.weights, coded.biases, original)
    with torch.no_grad():
        found = student(torch.from_numpy(inputs()[0]))
    flat = torch.cat([part.flatten() for part in (found if isinstance(found, tuple) else (found,))])
    np.testing.assert_allclose(flat.numpy(), outputs(file)[0], atol=1e-5)
    for layer, weight in learner.weights.items():
        assert np.array_equal(weight.codes, coded.weights[layer].codes)
        assert np.array_equal(weight.values(), coded.weights[layer].values())


@pytest.mark.parametrize("bits", [1, 2])
def test_training_comes_nearer_to_the_original(bits: int, tmp_path: Path) -> None:
    start = LowBitWeights(bits=bits, statistics=False, **ALL_ALIKE).apply(network(NAME), context(NAME))
    result, told = trained(LowBitWeights(bits=bits, **TRAINED), NAME, tmp_path)  # type: ignore[arg-type]
    info = told.info["training"]
    assert info["held_out_loss"] < 0.7 * info["held_out_loss_before"]
    assert noise_db(network(NAME), result) > noise_db(network(NAME), start) + 2
    before, after = weights(start), weights(result)
    assert not any(np.array_equal(before[name], after[name]) for name in before)
    assert result.ByteSize() == pytest.approx(start.ByteSize(), rel=0.01)
    for array in after.values():
        assert all(len(np.unique(row)) <= 2**bits for row in array.reshape(len(array), -1))


def test_what_was_trained_is_what_the_file_computes(tmp_path: Path) -> None:
    """The held-out loss that training tells is that of the file."""
    from edgeslim.steps.distillation.distil import divided
    from edgeslim.steps.torch_network.running import original_network

    result, told = trained(LowBitWeights(bits=2, **TRAINED), "mlp", tmp_path)  # type: ignore[arg-type]
    assert told.calibration is not None
    images = [told.calibration.image(index) for index in divided(12, 12)[1]]
    batch = torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2).astype(np.float32) / 255)
    file, original = to_torch(unpacked(result)), original_network(told.original)
    with torch.no_grad():
        own, wanted = file(batch), original(batch)
    loss = float((own - wanted).square().mean() / wanted.var(correction=0))
    assert loss == pytest.approx(told.info["training"]["held_out_loss"], rel=1e-3)


def test_training_is_deterministic_and_leaves_torch_as_it_was(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    step = LowBitWeights(bits=2, **{**TRAINED, "steps": 5})  # type: ignore[arg-type]
    first, second = (trained(step, "depthwise_se", tmp_path)[0] for _ in range(2))
    assert first.SerializeToString() == second.SerializeToString()
    assert torch.get_num_threads() == before
    assert not torch.are_deterministic_algorithms_enabled()


def test_zeros_of_a_pruned_network_stay_zeros(tmp_path: Path) -> None:
    model = pruned("plain_cnn", 0.8)
    originals = weights(model)
    for step in (LowBitWeights(bits=3, **TRAINED), WeightClustering(values=6, **TRAINED)):  # type: ignore[arg-type]
        result, told = trained(step, "plain_cnn", tmp_path, model)
        assert told.info["training"]["best_step"] > 0
        assert all(line["sparse"] for line in told.info["layers"])
        for name, array in weights(result).items():
            assert not array[originals[name] == 0].any()


def test_codebooks_learn_and_their_codes_stay(tmp_path: Path) -> None:
    step = WeightClustering(values=4, channel_scales=False, **TRAINED)  # type: ignore[arg-type]
    start = dataclasses.replace(step, rounding="compensated").apply(network(NAME), context(NAME))
    result, told = trained(step, NAME, tmp_path)
    assert told.info["training"]["held_out_loss"] < 0.9 * told.info["training"]["held_out_loss_before"]
    assert noise_db(network(NAME), result) > noise_db(network(NAME), start)
    for before, after in zip(weights(start).values(), weights(result).values(), strict=True):
        book, places = np.unique(before, return_inverse=True)
        assert len(book) <= 4
        moved = [after.reshape(-1)[places.reshape(-1) == code] for code in range(len(book))]
        assert all(len(np.unique(values)) == 1 for values in moved)
        assert not np.array_equal(before, after)


def test_scales_of_fixed_point_stay_powers_of_two(tmp_path: Path) -> None:
    step = LowBitWeights(bits=3, scheme="fixed_point", granularity="layer", **TRAINED)  # type: ignore[arg-type]
    result, told = trained(step, NAME, tmp_path)
    assert told.info["training"]["best_step"] > 0
    for array in weights(result).values():
        assert np.log2(np.abs(array[array != 0]).min()) % 1 == 0


def test_mixed_widths_can_be_trained_within_their_budget(tmp_path: Path) -> None:
    step = MixedLowBitWeights(
        average_bits=2.5, measure="file", rounding="trained", steps=40, learning_rate=0.05
    )
    result, told = trained(step, NAME, tmp_path)
    assert told.info["average_bits"] <= 2.5
    assert told.info["training"]["steps"] > 0
    for packed, float32 in zip(outputs(result), outputs(unpacked(result)), strict=True):
        assert np.array_equal(packed, float32)


def test_recurrent_layers_keep_their_codes_and_the_others_learn(tmp_path: Path) -> None:
    step = LowBitWeights(bits=2, **TRAINED)  # type: ignore[arg-type]
    start = dataclasses.replace(step, rounding="compensated").apply(network("gru"), context("gru"))
    result, told = trained(step, "gru", tmp_path)
    before, after = weights(start), weights(result)
    recurrent = {line["name"] for line in told.info["layers"] if line["operator"] == "GRU"}
    assert len(recurrent) == 2
    assert all(np.array_equal(before[name], after[name]) for name in recurrent)
    assert not all(np.array_equal(before[name], after[name]) for name in before)


def test_labels_and_a_loss_are_needed_only_where_they_are_mixed_in() -> None:
    assert LowBitWeights(rounding="trained").needs == {"calibration"}
    assert LowBitWeights(rounding="trained", label_weight=1.0).needs == {"calibration", "train", "loss"}
    assert LowBitWeights(label_weight=1.0).needs == {"calibration"}
    assert WeightClustering(rounding="trained", label_weight=1.0).needs == {"calibration", "train", "loss"}
    assert MixedLowBitWeights.needs == {"calibration"}


def test_codes_flip_where_gradients_agree_for_long() -> None:
    """A linear layer of wrong signs learns the right ones, and the scale of each row."""
    random = np.random.default_rng(0)
    wanted = torch.from_numpy(np.sign(random.normal(size=(4, 8))) * [[1.0], [2.0], [0.5], [1.0]]).float()
    start = CodedWeight(
        Layout((4, 8), 4),
        random.integers(0, 2, (4, 8)).astype(np.uint8),
        2,
        np.full((4, 1), 2.0, np.float16),
        zero=0.5,
    )
    layer = torch.nn.Linear(8, 4, bias=False)
    parametrize.register_parametrization(layer, "weight", LearnedCodes(start, None, scales=True), unsafe=True)
    assert torch.equal(layer.weight, torch.from_numpy(start.values()))
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.02)
    data = torch.from_numpy(random.normal(size=(64, 8)).astype(np.float32))
    for _ in range(400):
        optimizer.zero_grad()
        (layer(data) - data @ wanted.T).square().mean().backward()
        optimizer.step()
    torch.testing.assert_close(layer.weight.detach(), wanted, rtol=1e-2, atol=0)
    forms = layer.parametrizations["weight"]
    stored = forms[0].learned(forms.original.detach())
    assert stored.scale.dtype == np.float16
    assert np.array_equal(stored.values(), layer.weight.detach().numpy())


def test_gradients_pass_the_rounding_but_not_out_of_the_range() -> None:
    latent = torch.tensor([-0.2, -0.2, 0.6, 3.2, 3.2], requires_grad=True)
    codes = Rounding.apply(latent, 3)
    assert codes.tolist() == [0, 0, 1, 3, 3]
    codes.backward(torch.tensor([1.0, -1.0, 2.0, 1.0, -1.0]))
    assert latent.grad is not None
    assert latent.grad.tolist() == [0, -1, 2, 1, 0]
