"""On CUDA the loop trains, twice to the same weights, with every operator of our networks, and gives a module back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from edgeslim.detections import Annotations
from edgeslim.models.base import ModelSpec
from edgeslim.models.sample_networks import (
    DIGIT_NETWORKS,
    digit_network,
    digit_spec,
    street_sign_network,
    street_sign_spec,
)
from edgeslim.training.data import Examples
from edgeslim.training.device import on_device
from edgeslim.training.loop import train
from edgeslim.training.settings import TrainSettings
from edgeslim.training.weights import ZerosStay

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no accelerator")
SETTINGS = TrainSettings(steps=12, batch=8, ema_decay=0.9)


@pytest.fixture(autouse=True)
def deterministic():
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def examples(spec: ModelSpec) -> Examples:
    """Noise with labels of the spec's task."""
    random = np.random.default_rng(0)
    channels = 1 if spec.color == "GRAY" else 3
    pixels = random.integers(0, 255, (32, spec.input_height, spec.input_width, channels)).astype(np.uint8)
    if spec.task == "classification":
        return Examples(pixels, tuple(int(item) for item in random.integers(0, len(spec.labels), 32)))
    corners, sizes = random.uniform(10, 150, (32, 3, 2)), random.uniform(12, 60, (32, 3, 2))
    boxes = np.concatenate([corners, corners + sizes], 2).astype(np.float32)
    classes, area = random.integers(0, len(spec.labels), (32, 3)), sizes.prod(2).astype(np.float32)
    crowd = np.zeros(3, np.bool_)
    return Examples(
        pixels, tuple(Annotations(b, c, crowd, a) for b, c, a in zip(boxes, classes, area, strict=True))
    )


def trained(build: Callable[[], nn.Module], spec: ModelSpec) -> Tensor:
    torch.manual_seed(0)
    module = build()
    log = train(module, examples(spec), spec, SETTINGS, observer=ZerosStay(module))
    assert np.isfinite(log.final_loss)
    assert {value.device.type for value in module.state_dict().values()} == {"cpu"}
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


@pytest.mark.parametrize("name", DIGIT_NETWORKS)
def test_equal_seeds_give_equal_classifiers(name: str) -> None:
    first, second = (trained(lambda: digit_network(name), digit_spec()) for _ in range(2))
    assert torch.equal(first, second)


def test_equal_seeds_give_equal_detectors() -> None:
    name = "street-signs-small"
    first, second = (trained(lambda: street_sign_network(name, 0), street_sign_spec()) for _ in range(2))
    assert torch.equal(first, second)


OPERATORS: dict[str, Callable[[Tensor], Tensor]] = {
    "max_pool": lambda x: functional.max_pool2d(x, 3, 2, 1),
    "adaptive_average": lambda x: functional.adaptive_avg_pool2d(x, 3),
    "adaptive_max": lambda x: functional.adaptive_max_pool2d(x, 3),
    "bilinear": lambda x: functional.interpolate(x, scale_factor=2.0, mode="bilinear"),
    "nearest": lambda x: functional.interpolate(x, scale_factor=2.0, mode="nearest"),
    "index": lambda x: torch.index_select(x, 2, torch.tensor([0, 1, 1], device=x.device)),
    "replicate": lambda x: functional.pad(x, (1, 1, 1, 1), mode="replicate"),
    "reflect": lambda x: functional.pad(x, (1, 1, 1, 1), mode="reflect"),
}


class Around(nn.Module):
    """An operator between two layers."""

    def __init__(self, operator: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.last, self.operator = nn.Conv2d(1, 8, 3, padding=1), nn.Linear(8, 10), operator

    def forward(self, image: Tensor) -> Tensor:
        return self.last(self.operator(self.first(image)).mean((2, 3)))


@pytest.mark.parametrize("name", OPERATORS)
def test_gradients_flow_through_every_operator(name: str) -> None:
    trained(lambda: Around(OPERATORS[name]), digit_spec())


def test_a_recurrent_network_learns_in_evaluation_mode() -> None:
    """As it does when it is distilled."""
    network = nn.GRU(4, 4, batch_first=True).eval()
    with on_device(network) as device:
        network(torch.rand(2, 3, 4, device=device))[0].sum().backward()
    assert network.weight_hh_l0.grad is not None
