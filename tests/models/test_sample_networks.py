"""The sample networks: their sizes, their outputs, and the BatchNorm rule that once cost 13 points."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeslim.datasets.street_signs.signs import CLASSES
from edgeslim.models.families.fcos import pair_levels
from edgeslim.models.sample_networks import (
    DIGIT_NETWORKS,
    LABELS,
    SIZES,
    StreetSignNetwork,
    digit_network,
    street_sign_network,
    street_sign_spec,
)

PARAMETERS = {"street-signs-large": 1.05e6, "street-signs-medium": 0.30e6, "street-signs-small": 0.086e6}


@pytest.fixture(scope="module", params=list(SIZES))
def network(request: pytest.FixtureRequest) -> StreetSignNetwork:
    return street_sign_network(request.param).eval()


def test_labels_are_the_classes_of_the_scenes_in_their_order() -> None:
    assert LABELS == CLASSES


@pytest.mark.parametrize("name", list(SIZES))
def test_sizes_have_the_parameters_they_promise(name: str) -> None:
    count = sum(parameter.numel() for parameter in street_sign_network(name).parameters())
    assert count == pytest.approx(PARAMETERS[name], rel=0.02)


def test_outputs_are_two_levels_of_the_fcos_family(network: StreetSignNetwork) -> None:
    spec = street_sign_spec()
    with torch.no_grad():
        outputs = network(torch.zeros(1, 3, spec.input_height, spec.input_width))
    levels = pair_levels([tuple(output.shape) for output in outputs], (spec.input_height, spec.input_width))
    assert levels is not None
    assert tuple(level.stride for level in levels) == spec.strides
    assert [outputs[level.classes].shape[1] for level in levels] == [len(LABELS)] * 2


def test_every_batchnorm_normalises_one_convolution_on_one_grid(network: StreetSignNetwork) -> None:
    grids: dict[nn.Module, list[torch.Size]] = {}

    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        grids.setdefault(module, []).append(output.shape[2:])

    hooks = [m.register_forward_hook(note) for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    with torch.no_grad():
        network(torch.zeros(1, 3, 192, 288))
    for hook in hooks:
        hook.remove()
    assert len(grids) == len(hooks)
    assert all(len(used) == 1 for used in grids.values())


def test_untrained_scores_say_background(network: StreetSignNetwork) -> None:
    with torch.no_grad():
        outputs = network(torch.rand(1, 3, 192, 288, generator=torch.Generator().manual_seed(0)))
    for logits in outputs[::2]:
        assert float(logits.sigmoid().mean()) < 0.03


def test_seed_sets_the_initial_weights_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, again, other = (street_sign_network("street-signs-small", seed=s) for s in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.stem[0].weight, again.stem[0].weight)
    assert not torch.equal(first.stem[0].weight, other.stem[0].weight)


@pytest.mark.parametrize("name", list(DIGIT_NETWORKS))
def test_digit_networks_give_ten_logits_an_image(name: str) -> None:
    with torch.no_grad():
        assert digit_network(name).eval()(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
