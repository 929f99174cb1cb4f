"""match_statistics: per-channel moments brought back, by hand-made damage whose repair is known."""

from __future__ import annotations

import copy
from pathlib import Path

import onnx
import pytest
import torch
from torch import fx, nn

import example_networks as examples
from edgeslim.errors import RecipeError
from edgeslim.export.onnx import export_training_form
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import StepContext
from edgeslim.steps.low_rank import LowRank
from edgeslim.steps.pruning import ChannelPruning, MagnitudePruning
from edgeslim.steps.recovery import MatchStatistics
from edgeslim.steps.recovery.channel_moments import moments_of
from edgeslim.steps.torch_network.running import walk
from edgeslim.steps.torch_network.units import units_of

IMAGES = examples.RandomImages(12)


def original(tmp_path: Path, name: str = "plain_cnn") -> tuple[fx.GraphModule, StepContext]:
    path = tmp_path / f"{name}.onnx"
    onnx.save(examples.make_onnx(name), path)
    context = StepContext(spec=examples.make_spec(), original=path, calibration=IMAGES)
    return to_torch(onnx.load(path)), context


def inputs(index: int = 0) -> torch.Tensor:
    return torch.from_numpy(IMAGES.image(index).transpose(2, 0, 1)[None] / 255).float()


def outputs(module: nn.Module, image: torch.Tensor) -> list[torch.Tensor]:
    with torch.no_grad():
        result = module(image)
    return [result] if isinstance(result, torch.Tensor) else list(result)


def same(one: nn.Module, other: nn.Module, tolerance: float = 1e-3) -> bool:
    pairs = zip(outputs(one, inputs()), outputs(other, inputs()), strict=True)
    return all(torch.allclose(a, b, rtol=tolerance, atol=tolerance) for a, b in pairs)


@pytest.mark.parametrize("name", ["plain_cnn", "residual_concat_pyramid", "depthwise_se", "mlp", "gru"])
def test_wrong_scales_and_biases_of_channels_are_undone_exactly(tmp_path: Path, name: str) -> None:
    module, context = original(tmp_path, name)
    damaged = copy.deepcopy(module)
    random = torch.Generator().manual_seed(1)
    for unit in units_of(damaged):
        size = (unit.channels,)
        unit.adjust(0.5 + torch.rand(size, generator=random), torch.randn(size, generator=random))
    assert not same(damaged, module, 0.1)
    repaired = MatchStatistics(last_layers="like_others").apply(damaged, context)
    assert same(repaired, module, 2e-3)
    assert context.info["layers_left"] == []
    assert context.info["error"] < 1e-4 < context.info["error_before"]


def test_variance_off_moves_biases_only(tmp_path: Path) -> None:
    module, context = original(tmp_path)
    damaged = MagnitudePruning(sparsity=0.6).apply(module, context)
    before, after = damaged.state_dict(), MatchStatistics(variance=False).apply(damaged, context).state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all(name.endswith("bias") for name in changed)


def test_pruned_network_gets_the_original_moments_and_keeps_its_zeros(tmp_path: Path) -> None:
    module, context = original(tmp_path, "residual_concat_pyramid")
    damaged = MagnitudePruning(sparsity=0.6).apply(module, context)
    untouched = copy.deepcopy(damaged.state_dict())
    repaired = MatchStatistics(last_layers="like_others").apply(damaged, context)
    assert isinstance(repaired, fx.GraphModule)
    for name, value in untouched.items():
        assert torch.equal(damaged.state_dict()[name], value), "the input must stay as it was"
        if value.dim() > 1:
            assert torch.equal(repaired.state_dict()[name] == 0, value == 0)
    wanted, found = (moments(network) for network in (module, repaired))
    for name, (mean, variance) in wanted.items():
        torch.testing.assert_close(found[name][0], mean, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(found[name][1], variance, rtol=1e-3, atol=1e-5)
    assert context.info["error"] < 0.7 * context.info["error_before"]


def moments(module: fx.GraphModule) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Measured again, unit by unit, over all images."""
    ends = {unit.end: unit for unit in units_of(module)}
    found = {}

    def look(node: fx.Node, values: list[torch.Tensor]) -> list[torch.Tensor]:
        if node in ends:
            measured = moments_of(ends[node], values)
            found[ends[node].name] = (measured.mean, measured.variance)
        return values

    walk(module, [inputs(index) for index in range(len(IMAGES))], look, lambda message, done, total: None)
    return found


def test_survivors_of_channel_pruning_are_told_by_their_values(tmp_path: Path) -> None:
    module, context = original(tmp_path, "depthwise_se")
    pruned = ChannelPruning(ratio=0.4, scope="uniform", round_to=1).apply(module, context)
    repaired = MatchStatistics().apply(pruned, context)
    info = context.info
    assert isinstance(repaired, fx.GraphModule)
    assert info["layers_matched"] + len(info["layers_left"]) == len(units_of(repaired))
    assert info["layers_left"] == [] and info["error"] < info["error_before"]
    wanted, found = moments(module), moments(repaired)
    stem = units_of(repaired)[0]
    kept = torch.tensor([mean in wanted[stem.name][0] for mean in found[stem.name][0]])
    assert 0 < stem.channels < 16 and kept.shape == (stem.channels,)
    distance = (found[stem.name][0][:, None] - wanted[stem.name][0][None]).abs().amin(1)
    assert float(distance.max()) < 1e-3


def test_survivors_that_cannot_be_told_are_left_and_named(tmp_path: Path) -> None:
    module, context = original(tmp_path)
    pruned = ChannelPruning(ratio=0.5, round_to=1).apply(module, context)
    with torch.no_grad():
        for unit in units_of(pruned):
            if unit.norm is not None:
                unit.norm.bias += 1.0  # as after training: no value equals the original's
    MatchStatistics().apply(pruned, context)
    assert {"name": "features.0.0", "reason": "channels"} in context.info["layers_left"]
    assert context.info["layers_matched"] == 1


def test_last_part_of_a_factorized_layer_stands_for_it(tmp_path: Path) -> None:
    module, context = original(tmp_path)
    small = LowRank(keep=0.5, round_to=1, activation_aware=False).apply(module, context)
    MatchStatistics().apply(small, context)
    reasons = {item["reason"] for item in context.info["layers_left"]}
    assert reasons == {"new"} and context.info["layers_matched"] == 3
    assert context.info["error"] < context.info["error_before"]


def test_network_without_known_layers_is_refused(tmp_path: Path) -> None:
    _, context = original(tmp_path)
    other = to_torch(
        export_training_form(nn.Sequential(nn.Flatten(), nn.Linear(768, 7)), (1, 3, 16, 16), "image", ["y"])
    )
    with pytest.raises(RecipeError) as found:
        MatchStatistics().apply(other, context)
    assert found.value.code == "nothing_to_match" and found.value.values == {"step": "match_statistics"}


def test_images_are_required(tmp_path: Path) -> None:
    module, context = original(tmp_path)
    with pytest.raises(RecipeError) as found:
        MatchStatistics().apply(module, StepContext(spec=context.spec, original=context.original))
    assert found.value.code == "no_calibration_images"
