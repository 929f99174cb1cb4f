"""What a layer lost is made up for by least squares, in its weights, its bias or the BatchNorm behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, fx, nn

from edgeslim.export.onnx import export_training_form
from edgeslim.models.torch_graph import to_torch
from edgeslim.progress import silent
from edgeslim.steps import StepContext
from edgeslim.steps.pruning import ChannelPruning
from edgeslim.steps.pruning.channel_groups import Coupling, pruned_copy, survivors
from edgeslim.steps.pruning.gradients import output_probe
from edgeslim.steps.pruning.reconstruction import reconstruct, sampled
from example_networks import SIZE, RandomImages, make_network, make_onnx, make_spec

EXAMPLE = torch.zeros(1, 3, SIZE, SIZE)


def context(images: int = 16) -> StepContext:
    seen = RandomImages(images)
    return StepContext(spec=make_spec(), original=Path("unused"), calibration=seen, train=seen)


def imported(network: nn.Module) -> fx.GraphModule:
    return to_torch(export_training_form(network.eval(), tuple(EXAMPLE.shape), "image", ["scores"])).eval()


def outputs(module: nn.Module, images: int = 16) -> Tensor:
    """(images, …), the first output."""
    split = RandomImages(images, seed=9)
    tensors = [torch.from_numpy(split.image(i).transpose(2, 0, 1)[None] / 255).float() for i in range(images)]
    with torch.no_grad():
        found = [module(tensor) for tensor in tensors]
    return torch.cat([each[0] if isinstance(each, tuple) else each for each in found])


def error(one: Tensor, other: Tensor) -> float:
    return float((one - other).square().mean() / other.var())


def rebuilt(model: fx.GraphModule, places: list[list[int]]) -> tuple[fx.GraphModule, fx.GraphModule, int]:
    """Without the channels, and the same reconstructed, with the number of layers fitted."""
    groups = Coupling(model, EXAMPLE).groups()
    seen = output_probe(model, context(), 16, "test")
    plain = pruned_copy(model, EXAMPLE, places)
    pruned = pruned_copy(model, EXAMPLE, places)
    fitted = reconstruct(
        pruned, sampled(model, seen, 0, "test"), survivors(model, groups, places), seen.images, silent
    )
    return plain, pruned, fitted


def test_a_channel_that_others_contain_is_made_up_for() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 4, 3), nn.Flatten())
    with torch.no_grad():
        network[0].weight[1].abs_()
        network[0].weight[5], network[0].bias[5] = network[0].weight[1], network[0].bias[1]
        network[2].weight[:, 5] *= 3
    model = imported(network)
    plain, pruned, fitted = rebuilt(model, [[5]])
    assert fitted == 1
    assert error(outputs(plain), outputs(model)) > 0.1
    assert error(outputs(pruned), outputs(model)) < 0.02 * error(outputs(plain), outputs(model))


@pytest.mark.parametrize("norm", [False, True])
def test_the_mean_of_what_is_gone_goes_into_a_shift(norm: bool) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 1),
        nn.ReLU(),
        nn.Conv2d(4, 4, 1, bias=False),
        nn.BatchNorm2d(4) if norm else nn.Identity(),
    )
    with torch.no_grad():
        network[0].weight[3], network[0].bias[3] = 0.0, 7.0
        if norm:
            network[3].running_var.fill_(0.25)
    model = imported(network)
    plain, pruned, _ = rebuilt(model, [[3]])
    assert error(outputs(plain), outputs(model)) > 1.0
    assert error(outputs(pruned), outputs(model)) < 1e-3
    layer = [each for each in pruned.modules() if isinstance(each, nn.Conv2d)][1]
    assert (layer.bias is None) == norm


class Mixed(nn.Module):
    """Strides, padding, groups, depthwise, dilation, a one-dimensional and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.depthwise = nn.Conv2d(16, 16, 3, padding=2, dilation=2, groups=16)
        self.grouped = nn.Conv2d(16, 16, 3, padding=1, groups=2)
        self.rows = nn.Conv1d(16, 12, 3, padding=1)
        self.classify = nn.Linear(12, 4)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.relu(self.grouped(torch.relu(self.depthwise(torch.relu(self.stem(image))))))
        return self.classify(torch.relu(self.rows(x.mean(3))).mean(2))


def test_every_kind_of_layer_is_fitted_and_comes_nearer() -> None:
    torch.manual_seed(0)
    model = imported(Mixed())
    groups = Coupling(model, EXAMPLE).groups()
    places = [list(range(group.size // 4)) for group in groups]
    plain, pruned, fitted = rebuilt(model, places)
    assert fitted == 4  # all behind the stem, which gets what it got before
    assert error(outputs(pruned), outputs(model)) < 0.5 * error(outputs(plain), outputs(model))


def test_a_layer_that_gets_what_it_got_before_keeps_its_weights() -> None:
    model = to_torch(make_onnx("residual_concat_pyramid")).eval()
    groups = Coupling(model, EXAMPLE).groups()
    last = next(i for i, g in enumerate(groups) if g.root is model.get_submodule("smooth.0"))
    places = [[0, 1] if index == last else [] for index in range(len(groups))]
    _, pruned, _ = rebuilt(model, places)
    for name in ("stem.0", "left.0", "right.0", "down.0"):
        assert torch.equal(pruned.get_submodule(name).weight, model.get_submodule(name).weight), name


@pytest.mark.parametrize("name", ["plain_cnn", "residual_concat_pyramid", "depthwise_se", "mlp"])
def test_step_comes_nearer_to_the_outputs_with_reconstruction(name: str) -> None:
    model = (
        imported(make_network(name))
        if name != "residual_concat_pyramid"
        else to_torch(make_onnx(name)).eval()
    )
    found = {}
    for choice in ("never", "always"):
        step = ChannelPruning(ratio=0.4, scope="uniform", reconstruct=choice, round_to=1)
        found[choice] = error(outputs(step.apply(model, context())), outputs(model))
    assert found["always"] < 0.7 * found["never"]


def test_reconstruction_repeats_to_the_last_bit() -> None:
    model = imported(make_network("plain_cnn"))
    step = ChannelPruning(ratio=0.4, importance="taylor", reconstruct="always")
    first, second = (step.apply(model, context()).state_dict() for _ in range(2))
    assert all(torch.equal(value, second[key]) for key, value in first.items())
