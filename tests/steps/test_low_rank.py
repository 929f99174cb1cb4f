"""The low_rank step on networks."""

from __future__ import annotations

import copy
from pathlib import Path

import onnx
import pytest
import torch
from networks_for_low_rank import SPEC, Block, Mlp, Pictures, Recurrent, context, imported, onnx_of, outputs
from torch import nn

from edgeslim.errors import InfeasibleError, RecipeError
from edgeslim.export.onnx import deployable, shipped, to_bytes
from edgeslim.metrics.counts import counts_of
from edgeslim.models.base import ModelSpec
from edgeslim.models.sanitize import sanitize
from edgeslim.models.torch_graph import to_torch
from edgeslim.ort import open_session
from edgeslim.recipe import Recipe
from edgeslim.steps import StepContext
from edgeslim.steps.low_rank import LowRank
from edgeslim.steps.low_rank.factorization import METHODS
from said import said

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
IMAGE = torch.rand(SPEC.input_shape, generator=torch.Generator().manual_seed(1))


def error(model: nn.Module, other: nn.Module, image: torch.Tensor = IMAGE) -> float:
    pairs = zip(outputs(model, image), outputs(other, image), strict=True)
    return max(float((a - b).norm() / a.norm()) for a, b in pairs)


@pytest.mark.parametrize("method", METHODS)
def test_result_is_cheaper_as_told_exports_and_imports_again(method: str) -> None:
    model, told = imported(Block()), context()
    before = counts_of(onnx_of(model))
    result = LowRank(method=method, keep=0.6, round_to=2).apply(model, told)
    exported = onnx_of(result)
    after = counts_of(exported)
    info = told.info
    assert (info["macs_before"], info["macs"]) == (before.macs, after.macs)
    assert (info["parameters_before"], info["parameters"]) == (before.params, after.params)
    assert info["macs"] <= 0.6 * info["macs_before"]
    again = to_torch(exported)
    assert {type(layer) for layer in again.modules()} >= {nn.Conv2d, nn.BatchNorm2d}
    assert error(result, again) < 1e-5
    session = open_session(to_bytes(deployable(exported)))
    for measured, expected in zip(session.run(IMAGE.numpy()), outputs(result, IMAGE), strict=True):
        torch.testing.assert_close(torch.from_numpy(measured), expected, rtol=1e-3, atol=1e-4)
    for layer in info["layers"]:
        assert layer["parameters"] < layer["parameters_before"] and layer["macs"] < layer["macs_before"]
        assert 0.0 < layer["energy"] <= 1.0


@pytest.mark.parametrize("method", METHODS)
def test_strides_padding_and_dilation_are_kept(method: str) -> None:
    """With nearly all energy kept the network computes the same, whatever the geometry of its layers."""
    model = imported(Block())
    result = LowRank(method=method, target="energy", keep=0.999, round_to=1, activation_aware=False).apply(
        model, context(calibration=False)
    )
    assert error(model, result) < 0.1


def test_more_kept_is_nearer() -> None:
    model = imported(Block())
    errors = [
        error(model, LowRank(keep=keep, round_to=1).apply(model, context())) for keep in (0.2, 0.5, 0.9)
    ]
    assert errors[0] > 1.5 * errors[1] > 1.5**2 * errors[2]


def test_depthwise_stays_and_biases_and_norms_stay_last() -> None:
    model, told = imported(Block()), context()
    result = LowRank(method="svd", keep=0.4, round_to=1, activation_aware=False).apply(model, told)
    assert {"name": "depthwise", "reason": "kind"} in told.info["unchanged"]
    for name, parameter in model.named_parameters():
        if name.startswith(("depthwise", "norm")):
            assert torch.equal(parameter, result.get_parameter(name))
    first, last = result.get_submodule("same.0"), result.get_submodule("same.1")
    assert first.bias is None and torch.equal(last.bias, model.get_parameter("same.bias"))
    called = [node.target for node in result.graph.nodes if node.op == "call_module"]
    assert called.index("stem.1") + 1 == called.index("norm") and result.get_submodule("stem.1").bias is None
    feeding = {layer["name"]: layer["feeds_output"] for layer in told.info["layers"]}
    assert feeding["point"] and feeding["same"] is False


def test_activation_aware_beats_plain_on_anisotropic_inputs() -> None:
    model = imported(Mlp(), seed=5)
    shares = {"target": "rank", "keep": 0.05, "round_to": 1}
    plain = LowRank(activation_aware=False, **shares).apply(model, context(calibration=False))
    aware = LowRank(activation_aware=True, **shares).apply(model, context())
    images = torch.stack([torch.from_numpy(Pictures().image(i)).permute(2, 0, 1) / 255 for i in range(6)])
    assert error(model, aware, images) < 0.5 * error(model, plain, images)


def test_activation_aware_keeps_the_mean_of_every_layer() -> None:
    model, told = imported(Mlp()), context()
    result = LowRank(target="rank", keep=0.05, round_to=1).apply(model, told)
    assert told.info["layers"][0]["ranks"] == [4]
    images = torch.stack([torch.from_numpy(Pictures().image(i)).permute(2, 0, 1) / 255 for i in range(6)])
    vectors = images.flatten(1)
    before = model.get_submodule("first")(vectors)
    after = result.get_submodule("first.1")(result.get_submodule("first.0")(vectors))
    torch.testing.assert_close(before.mean(0), after.mean(0), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(before, after, rtol=0.01, atol=0.01)


def test_mlp_is_factorized_within_its_budget() -> None:
    for scope in ("global", "uniform"):
        told = context()
        model = imported(Mlp())
        result = LowRank(target="parameters", keep=0.3, scope=scope, round_to=1).apply(model, told)
        assert told.info["parameters"] == sum(p.numel() for p in result.parameters())
        assert (
            0.2 * told.info["parameters_before"]
            < told.info["parameters"]
            <= 0.3 * told.info["parameters_before"]
        )


def test_the_file_really_made_keeps_to_a_budget_of_bytes() -> None:
    for network, keep in ((Mlp(), 0.3), (Block(), 0.7)):
        told = context()
        result = LowRank(target="bytes", keep=keep, round_to=1).apply(imported(network), told)
        sizes = [len(to_bytes(shipped(deployable(onnx_of(each))))) for each in (imported(network), result)]
        assert told.info["bytes_before"] == pytest.approx(sizes[0], abs=64)  # names of outputs
        assert told.info["bytes"] == pytest.approx(sizes[1], abs=64)
        assert 0.75 * keep < told.info["bytes"] / told.info["bytes_before"] <= keep
    with pytest.raises(InfeasibleError) as found:
        LowRank(target="bytes", keep=0.05).apply(imported(Block()), context())
    assert found.value.code == "low_rank_unreachable" and found.value.values["target"] == "bytes"


def test_energy_is_kept_in_every_layer() -> None:
    for method in METHODS:
        told = context()
        LowRank(method=method, target="energy", keep=0.8, round_to=1).apply(imported(Block()), told)
        assert min(layer["energy"] for layer in told.info["layers"]) >= 0.8


def test_input_stays_and_result_is_deterministic() -> None:
    model = imported(Block())
    state, code = copy.deepcopy(model.state_dict()), model.code
    step = LowRank(method="cp", keep=0.5, round_to=2)
    first, second = (to_bytes(onnx_of(step.apply(model, context()))) for _ in range(2))
    assert first == second
    assert model.code == code
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_can_be_applied_again_to_its_result() -> None:
    once = LowRank(keep=0.7, round_to=1).apply(imported(Block()), context())
    told = context()
    twice = LowRank(keep=0.8, round_to=1).apply(to_torch(onnx_of(once)), told)
    assert told.info["macs"] <= 0.8 * told.info["macs_before"]
    assert error(once, twice) < 1.0


def test_a_layer_called_twice_is_replaced_in_both_places() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 16, 1)
            self.shared = nn.Conv2d(16, 16, 3, padding=1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            result: torch.Tensor = self.shared(torch.relu(self.shared(self.stem(image))))
            return result

    told = context()
    result = LowRank(keep=0.5, round_to=1).apply(imported(Shared()), told)
    assert told.info["macs"] == counts_of(onnx_of(result)).macs
    assert "shared" in {layer["name"] for layer in told.info["layers"]}


def test_what_cannot_be_done_is_refused_with_a_remedy() -> None:
    with pytest.raises(RecipeError) as nothing:
        LowRank().apply(imported(Recurrent()), context())
    assert nothing.value.code == "low_rank_no_layers" and said(nothing.value)
    with pytest.raises(InfeasibleError) as dear:
        LowRank(target="rank", keep=0.999).apply(imported(Block()), context())
    assert dear.value.code == "low_rank_not_cheaper"
    with pytest.raises(InfeasibleError) as unreachable:
        LowRank(keep=0.05).apply(imported(Block()), context())
    assert unreachable.value.code == "low_rank_unreachable"
    reachable = float(str(unreachable.value.values["reachable"]))
    told = context()
    LowRank(keep=reachable).apply(imported(Block()), told)
    assert reachable - 0.001 < told.info["macs"] / told.info["macs_before"] <= reachable
    with pytest.raises(InfeasibleError) as coarse:
        LowRank(round_to=64).apply(imported(Block()), context())
    assert coarse.value.code == "low_rank_not_cheaper"


def test_images_are_needed_only_where_inputs_are_looked_at() -> None:
    assert LowRank.describe().needs == ("calibration",)
    assert LowRank().needs == {"calibration"} and not LowRank(activation_aware=False).needs
    with pytest.raises(RecipeError) as missing:
        LowRank().apply(imported(Block()), context(calibration=False))
    assert missing.value.code == "no_calibration_images"


def test_step_survives_json() -> None:
    recipe = Recipe((LowRank(method="spatial", target="energy", keep=0.95, activation_aware=False),), seed=2)
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_yolox_nano_loses_a_tenth_of_its_macs() -> None:
    path = DATA / "models" / "yolox_nano.onnx"
    if not path.exists():
        pytest.skip("needs yolox_nano.onnx in ../shared/data/models")
    model = to_torch(sanitize(onnx.load(path))[0])
    spec = ModelSpec(input_width=416, input_height=416)
    told = StepContext(spec=spec, original=path)
    result = LowRank(keep=0.9, activation_aware=False).apply(model, told)
    assert told.info["macs"] <= 0.9 * told.info["macs_before"]
    assert {each["reason"] for each in told.info["unchanged"]} == {"kind", "not_cheaper"}
    image = torch.rand((1, 3, 416, 416), generator=torch.Generator().manual_seed(0)) * 255
    assert [tuple(each.shape) for each in outputs(result, image)] == [(1, 3549, 85)]
