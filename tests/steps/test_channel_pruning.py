"""Channels go together where layers are coupled, and outputs keep theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, fx, nn

from edgeslim.errors import InfeasibleError, RecipeError
from edgeslim.export.onnx import deployable, export_training_form, shipped, to_bytes
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import StepContext
from edgeslim.steps.pruning import ChannelPruning
from edgeslim.steps.pruning.channel_flow import kept_whole
from example_networks import SIZE, RandomImages, make_network, make_onnx, make_spec

SHAPE = (1, 3, SIZE, SIZE)
WIDE = ["residual_concat_pyramid", "depthwise_se", "plain_cnn", "mlp"]


def context(seed: int = 0) -> StepContext:
    images = RandomImages(8)
    return StepContext(
        spec=make_spec(), original=Path("unused.onnx"), calibration=images, train=images, seed=seed
    )


def imported(network: nn.Module, outputs: int = 1) -> fx.GraphModule:
    names = [f"y{index}" for index in range(outputs)]
    return to_torch(export_training_form(network.eval(), SHAPE, "image", names))


def widths(module: nn.Module) -> dict[str, int]:
    return {n: p.shape[0] for n, p in module.named_parameters() if n.endswith("weight") and p.dim() > 1}


def kept_names(module: fx.GraphModule) -> set[str]:
    kept, _ = kept_whole(module, torch.zeros(SHAPE))
    return {name for name, layer in module.named_modules() if layer in kept}


@pytest.mark.parametrize("name", WIDE)
def test_half_of_the_channels_go_and_the_outputs_stay(name: str) -> None:
    model, told = to_torch(make_onnx(name)), context()
    pruned = ChannelPruning(ratio=0.5, scope="uniform", round_to=1).apply(model, told)
    image = torch.rand(2, 3, SIZE, SIZE)
    before, after = model(image), pruned(image)
    pairs = zip(before, after, strict=True) if isinstance(before, tuple) else [(before, after)]
    assert all(old.shape == new.shape for old, new in pairs)
    last = kept_names(model)
    for layer, width in widths(model).items():
        expected = width if layer.removesuffix(".weight") in last else width // 2
        assert widths(pruned)[layer] == expected, layer
    assert told.info["macs"] < 0.5 * told.info["macs_before"]
    assert told.info["parameters"] == sum(p.numel() for p in pruned.parameters())


@pytest.mark.parametrize("importance", ["l1", "l2", "lamp", "bn_scale"])
@pytest.mark.parametrize("scope", ["global", "uniform"])
def test_channels_that_do_nothing_are_the_ones_that_go(importance: str, scope: str) -> None:
    """Through residual, concatenation and pyramid: outputs stay equal to the last bit that matters."""
    network = make_network("residual_concat_pyramid")
    dead = {"stem": 16, "first": 16, "second": 16, "left": 16, "right": 16, "down": 32, "smooth": 24}
    with torch.no_grad():
        for name, width in dead.items():
            conv, norm, _ = network.get_submodule(name)
            for parameter in (conv.weight, norm.weight, norm.bias):
                parameter[: width // 4] = 0
        reads = {"first": [16], "second": [16], "left": [16], "right": [16], "smooth": [24]}
        for name in reads:
            network.get_submodule(name)[0].weight[:, : reads[name][0] // 4] = 0
        for name in ("lateral",):
            network.get_submodule(name).weight[:, [*range(4), *range(16, 20)]] = 0
        network.down[0].weight[:, [*range(4), *range(16, 20)]] = 0
        network.top.weight[:, :8] = 0
        for layer in (network.lateral, network.top):
            layer.weight[:6] = 0
            layer.bias[:6] = 0
        for layer in (network.small, network.large):
            layer.weight[:, :6] = 0
    model = imported(network, outputs=2)
    step = ChannelPruning(ratio=0.25, scope=scope, importance=importance, round_to=1)
    pruned = step.apply(model, context())
    image = torch.rand(1, 3, SIZE, SIZE)
    for old, new in zip(model(image), pruned(image), strict=True):
        assert torch.allclose(old, new, atol=1e-5)
    if importance != "bn_scale":
        assert widths(pruned)["stem.0.weight"] == 12
        assert widths(pruned)["down.0.weight"] == 24


def test_layers_before_an_output_keep_their_channels() -> None:
    assert kept_names(to_torch(make_onnx("residual_concat_pyramid"))) == {"small", "large"}
    assert kept_names(to_torch(make_onnx("depthwise_se"))) == {"classify"}
    assert kept_names(to_torch(make_onnx("gru"))) == {"embed", "classify"}


class Shuffled(nn.Module):
    """ShuffleNet's unit: split, convolve one half, concatenate, shuffle."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.inner, self.outer = nn.Conv2d(8, 12, 1), nn.Conv2d(12, 8, 1)
        self.last = nn.Conv2d(16, 4, 1)

    def forward(self, image: Tensor) -> Tensor:
        left, right = self.stem(image).chunk(2, 1)
        joined = torch.cat([left, self.outer(torch.relu(self.inner(right)))], 1)
        mixed = joined.reshape(1, 2, 8, SIZE, SIZE).transpose(1, 2).reshape(1, 16, SIZE, SIZE)
        return self.last(torch.relu(mixed))


def test_split_and_shuffled_channels_are_kept_and_the_rest_is_pruned() -> None:
    torch.manual_seed(0)
    model = imported(Shuffled())
    assert kept_names(model) == {"stem", "outer", "last"}
    pruned = ChannelPruning(ratio=0.5, scope="uniform", round_to=1).apply(model, context())
    assert widths(pruned) == {"stem.weight": 16, "inner.weight": 6, "outer.weight": 8, "last.weight": 4}
    pruned(torch.zeros(SHAPE))


class WithImage(nn.Module):
    """A feature map concatenated with the image itself, and one added to fixed values per channel."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.free = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(11, 8, 3, padding=1)
        self.shifted, self.last = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 2, 1)
        self.register_buffer("shift", torch.arange(8.0).reshape(1, 8, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        x = torch.cat([image, self.first(image)], 1)
        return self.last(self.shifted(torch.relu(self.free(x))) + self.shift)


def test_channels_tied_to_the_image_or_to_fixed_values_are_kept() -> None:
    model = imported(WithImage())
    assert kept_names(model) == {"first", "shifted", "last"}
    pruned = ChannelPruning(ratio=0.5, scope="uniform", round_to=1).apply(model, context())
    assert widths(pruned)["free.weight"] == 4


class Grouped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.grouped = nn.Conv2d(3, 16, 1), nn.Conv2d(16, 16, 3, padding=1, groups=4)
        self.last = nn.Conv2d(16, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        return self.last(torch.relu(self.grouped(torch.relu(self.stem(image)))))


def test_grouped_convolution_loses_as_many_channels_in_each_group() -> None:
    torch.manual_seed(0)
    pruned = ChannelPruning(ratio=0.5, scope="uniform", round_to=1).apply(imported(Grouped()), context())
    grouped = pruned.get_submodule("grouped")
    assert (grouped.in_channels, grouped.out_channels, grouped.groups) == (8, 8, 4)
    pruned(torch.zeros(SHAPE))


def test_widths_are_rounded_up_to_a_multiple() -> None:
    pruned = ChannelPruning(ratio=0.4, scope="uniform", round_to=8).apply(
        to_torch(make_onnx("residual_concat_pyramid")), context()
    )
    found = {
        name: width for name, width in widths(pruned).items() if name not in ("small.weight", "large.weight")
    }
    assert set(found.values()) <= {16, 24, 32}
    assert found["down.0.weight"] == 24  # 32 - int(0.4 · 32) = 20, rounded up


@pytest.mark.parametrize("target", ["macs", "parameters"])
@pytest.mark.parametrize("ratio", [0.25, 0.6])
def test_target_is_met_and_hardly_exceeded(target: str, ratio: float) -> None:
    told = context()
    ChannelPruning(ratio=ratio, target=target, round_to=1, max_ratio=0.9).apply(
        to_torch(make_onnx("residual_concat_pyramid")), told
    )
    removed = 1 - told.info[target] / told.info[f"{target}_before"]
    assert ratio <= removed < ratio + 0.06


def test_target_in_bytes_is_met_by_the_file_itself() -> None:
    told = context()
    model = to_torch(make_onnx("residual_concat_pyramid"))
    pruned = ChannelPruning(ratio=0.3, target="bytes", round_to=1).apply(model, told)

    def file_of(module: nn.Module) -> int:
        form = export_training_form(module, SHAPE, "input", ["output0", "output1"])
        return len(to_bytes(shipped(deployable(form))))

    assert (told.info["bytes_before"], told.info["bytes"]) == (file_of(model), file_of(pruned))
    assert 0.3 <= 1 - told.info["bytes"] / told.info["bytes_before"] < 0.4


def test_latency_is_called_an_estimate_and_falls() -> None:
    told = context()
    step = ChannelPruning(ratio=0.1, target="latency", importance="taylor")
    step.apply(to_torch(make_onnx("residual_concat_pyramid")), told)
    assert told.info["latency_estimate_ns"] <= 0.9 * told.info["latency_estimate_ns_before"]


def test_unreachable_target_is_infeasible_and_says_how_far_it_goes() -> None:
    with pytest.raises(InfeasibleError) as caught:
        ChannelPruning(ratio=0.9, target="parameters", max_ratio=0.1).apply(
            to_torch(make_onnx("plain_cnn")), context()
        )
    assert caught.value.code == "target_unreachable"
    assert 0 <= float(str(caught.value.values["reachable"])) < 0.5


def test_random_importance_follows_the_seed() -> None:
    model = to_torch(make_onnx("plain_cnn"))
    step = ChannelPruning(ratio=0.5, importance="random")
    first, again, other = (step.apply(model, context(seed)).state_dict() for seed in (1, 1, 2))
    assert torch.equal(first["features.0.0.weight"], again["features.0.0.weight"])
    assert not torch.equal(first["features.0.0.weight"], other["features.0.0.weight"])


def test_bn_scale_needs_batch_norm() -> None:
    with pytest.raises(RecipeError) as caught:
        ChannelPruning(importance="bn_scale").apply(to_torch(make_onnx("mlp")), context())
    assert caught.value.code == "no_batch_norm"


def test_network_of_outputs_only_is_refused() -> None:
    with pytest.raises(RecipeError) as caught:
        ChannelPruning().apply(imported(nn.Conv2d(3, 4, 1)), context())
    assert caught.value.code == "no_channels_to_prune"


def test_needs_follow_from_what_is_looked_at() -> None:
    assert ChannelPruning(reconstruct="never").needs == frozenset()
    assert ChannelPruning(reconstruct="never", scope="sensitivity").needs == {"calibration"}
    assert ChannelPruning(reconstruct="never", importance="taylor").needs == {"calibration"}
    assert ChannelPruning(reconstruct="never", importance="taylor", signal="labels").needs == {
        "train",
        "loss",
    }
    assert ChannelPruning().needs == {"calibration"}


def test_layers_are_reconstructed_on_their_own_account_only_where_batch_norm_is_folded() -> None:
    for name, happens in {"plain_cnn": False, "mlp": True}.items():
        told = context()
        ChannelPruning(ratio=0.5, round_to=1).apply(to_torch(make_onnx(name)), told)
        assert ("reconstructed_layers" in told.info) == happens, name


def test_pruning_by_sensitivity_disturbs_the_outputs_less_than_chance() -> None:
    model = to_torch(make_onnx("residual_concat_pyramid"))
    image = torch.rand(1, 3, SIZE, SIZE)
    errors = {}
    for importance, scope in {"taylor": "sensitivity", "random": "global"}.items():
        step = ChannelPruning(
            ratio=0.3, target="macs", importance=importance, scope=scope, reconstruct="never", round_to=1
        )
        told = context()
        pruned = step.apply(model, told)
        with torch.no_grad():
            pairs = list(zip(model(image), pruned(image), strict=True))
        errors[importance] = sum(float((old - new).square().mean()) for old, new in pairs)
        assert 0.3 <= 1 - told.info["macs"] / told.info["macs_before"] < 0.36
    assert errors["taylor"] < 0.1 * errors["random"]
