"""Channels are scored by what the outputs would change, whatever lies between, and measured without being changed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, fx, nn

from edgeslim.export.onnx import export_training_form
from edgeslim.models.torch_graph import to_torch
from edgeslim.progress import silent
from edgeslim.steps import StepContext
from edgeslim.steps.pruning.channel_groups import ChannelGroup, Coupling, costs, pruned_copy, survivors
from edgeslim.steps.pruning.channel_scores import (
    by_gradients,
    by_weights,
    input_means,
    sensitivity,
    silent_channels,
)
from edgeslim.steps.pruning.channel_targets import measured
from edgeslim.steps.pruning.gradients import OutputProbe, output_probe
from example_networks import SIZE, RandomImages, make_network, make_onnx, make_spec

EXAMPLE = torch.zeros(1, 3, SIZE, SIZE)


def look(model: fx.GraphModule, images: int = 8) -> OutputProbe:
    context = StepContext(spec=make_spec(), original=Path("unused"), calibration=RandomImages(images))
    return output_probe(model, context, images, "channel_pruning")


def imported(network: nn.Module) -> fx.GraphModule:
    return to_torch(export_training_form(network.eval(), tuple(EXAMPLE.shape), "image", ["scores"]))


class Linear(nn.Module):
    """Everything about it is linear, so first-order changes are exact."""

    def __init__(self, strength: Tensor) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3, bias=False), nn.Conv2d(8, 4, 1)
        with torch.no_grad():
            self.second.weight.mul_(strength[None, :, None, None])

    def forward(self, image: Tensor) -> Tensor:
        return self.second(self.first(image)).mean((2, 3))


STRENGTH = torch.tensor([8.0, 0.1, 4.0, 0.5, 1.0, 16.0, 0.02, 2.0])


def only_group(model: fx.GraphModule) -> ChannelGroup:
    (group,) = Coupling(model, EXAMPLE).groups()
    return group


def test_taylor_ranks_channels_by_what_the_outputs_really_change() -> None:
    torch.manual_seed(0)
    model = imported(Linear(STRENGTH))
    group, seen = only_group(model), look(model, 200)
    (scores,) = by_gradients([group], seen.passes(0, "test"), None)
    changes = []
    for place in range(8):
        with silent_channels(group, torch.tensor([place]), None):
            changes.append(seen.moved(200))
    assert scores.argsort().tolist() == torch.tensor(changes).argsort().tolist()
    ratio = scores / torch.tensor(changes)
    assert float(ratio.max() / ratio.min()) < 2  # random signs: the same but for chance


def test_a_channel_that_is_always_the_same_scores_nothing_once_a_shift_stands_for_it() -> None:
    torch.manual_seed(0)
    network = Linear(torch.ones(8))
    network.first = nn.Conv2d(3, 8, 3)
    with torch.no_grad():
        network.first.weight[2], network.first.bias[2] = 0.0, 50.0
    model = imported(network)
    group, seen = only_group(model), look(model)
    means = input_means(model, [group], seen.images)
    assert float(means[group.readers[0].layer][2]) == pytest.approx(50.0)
    (plain,) = by_gradients([group], seen.passes(0, "test"), None)
    (shifted,) = by_gradients([group], seen.passes(0, "test"), means)
    assert int(plain.argmax()) == 2
    assert int(shifted.argmin()) == 2
    assert float(shifted[2]) < 1e-3 * float(shifted.mean())
    with silent_channels(group, torch.tensor([2]), means):
        assert seen.moved(8) < 1e-9
    with silent_channels(group, torch.tensor([2]), None):
        assert seen.moved(8) > 1.0


def test_filters_near_the_geometric_median_score_lowest() -> None:
    network = nn.Sequential(nn.Conv2d(3, 5, 1, bias=False), nn.Conv2d(5, 2, 1))
    with torch.no_grad():
        for place, value in enumerate((-4.0, -1.0, 0.0, 1.0, 4.0)):
            network[0].weight[place] = value
    model = imported(network)
    (scores,) = by_weights([only_group(model)], "fpgm", 0)
    assert scores.argsort(stable=True).tolist()[0] == 2
    assert scores.tolist() == pytest.approx([20 / 14.4, 11 / 14.4, 10 / 14.4, 11 / 14.4, 20 / 14.4])


@pytest.mark.parametrize("name", ["plain_cnn", "residual_concat_pyramid", "depthwise_se", "mlp"])
def test_silence_changes_outputs_as_removal_does_and_leaves_no_trace(name: str) -> None:
    model = to_torch(make_onnx(name)).eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    groups = Coupling(model, EXAMPLE).groups()
    seen = look(model, 2)
    for index, group in enumerate(groups):
        places = [[0, 1] if other == index else [] for other in range(len(groups))]
        removed = pruned_copy(model, EXAMPLE, places)
        with silent_channels(group, torch.tensor([0, 1]), None), torch.no_grad():
            expected, found = removed(seen.images[0]), model(seen.images[0])
        pairs = zip(expected, found, strict=True) if isinstance(found, tuple) else [(expected, found)]
        assert all(torch.allclose(one, other, atol=1e-5) for one, other in pairs), index
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_sensitivity_rises_from_nothing_and_is_nothing_for_what_is_never_read() -> None:
    network = make_network("plain_cnn")
    with torch.no_grad():
        network.features[2][0].weight[:, :8] = 0.0
    model = imported(network)
    groups = Coupling(model, EXAMPLE).groups()
    seen = look(model)
    scores = by_gradients(groups, seen.passes(0, "test"), None)
    first = next(i for i, group in enumerate(groups) if group.size == 16)
    curves = sensitivity(groups, scores, None, seen, 0.9, silent)
    counts, errors = zip(*curves[first], strict=True)
    assert counts == (0, 3, 7, 14)
    assert errors[2] == 0.0 < errors[3]
    other = curves[1 - first]
    assert [error for _, error in other] == sorted(error for _, error in other)


@pytest.mark.parametrize("name", ["plain_cnn", "residual_concat_pyramid", "depthwise_se", "mlp"])
def test_costs_are_what_one_place_really_saves(name: str) -> None:
    model = to_torch(make_onnx(name)).eval()
    groups = Coupling(model, EXAMPLE).groups()
    before = measured(model, EXAMPLE, "macs")["macs"]
    for index, cost in enumerate(costs(model, groups, EXAMPLE, macs=True)):
        places = [[0] if other == index else [] for other in range(len(groups))]
        saved = before - measured(pruned_copy(model, EXAMPLE, places), EXAMPLE, "macs")["macs"]
        assert saved == pytest.approx(cost, rel=0.15), index  # what is both writer and reader counts twice


def test_survivors_are_the_channels_that_are_left() -> None:
    model = to_torch(make_onnx("residual_concat_pyramid")).eval()
    groups = Coupling(model, EXAMPLE).groups()
    places = [[0, 3] for _ in groups]
    left, pruned = survivors(model, groups, places), pruned_copy(model, EXAMPLE, places)
    assert set(left) == {f"{n}.0" for n in ("stem", "first", "second", "left", "right", "down", "smooth")} | {
        "lateral",
        "top",
    }
    for name, channels in left.items():
        bias = getattr(model.get_submodule(name), "bias", None)
        assert len(channels) == pruned.get_submodule(name).out_channels
        if bias is not None:
            assert torch.equal(bias[channels], pruned.get_submodule(name).bias)
