"""Small networks and images for the tests of low rank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, fx, nn

from edgeslim.detections import Image
from edgeslim.export.onnx import export_training_form
from edgeslim.models.base import ModelSpec
from edgeslim.models.torch_graph import to_torch
from edgeslim.steps import StepContext

SPEC = ModelSpec(input_width=16, input_height=16, scale=1 / 255)


class Block(nn.Module):
    """Residual, concatenation, strides, depthwise and a linear head; trained nets have low rank, so has this."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.same = nn.Conv2d(16, 16, 3, padding=2, dilation=2)
        self.down = nn.Conv2d(16, 32, (3, 5), stride=(1, 2), padding=(1, 2))
        self.mix = nn.Conv2d(32, 32, 1, bias=False)
        self.depthwise = nn.Conv2d(64, 64, 3, padding=1, groups=64)
        self.point = nn.Conv2d(64, 24, 1)
        self.head = nn.Linear(24, 10)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.relu(self.norm(self.stem(image)))
        x = torch.relu(self.same(x)) + x
        x = torch.relu(self.down(x))
        x = torch.cat([x, torch.relu(self.mix(x))], 1)
        x = self.point(torch.relu(self.depthwise(x)))
        return x, self.head(x.mean((2, 3)))


class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3 * 16 * 16, 64)
        self.second = nn.Linear(64, 10)

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.second(torch.relu(self.first(image.flatten(1))))
        return result


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(48, 12)

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.gru(image.permute(2, 0, 1, 3).flatten(2))[0]
        return result


class Pictures:
    """Images whose three channels are nearly equal: what enters a network is anisotropic."""

    fingerprint = "pictures"

    def __len__(self) -> int:
        return 6

    def image(self, index: int) -> Image:
        generator = np.random.default_rng(index)
        gray = generator.integers(0, 256, (16, 16, 1))
        colour = gray + generator.integers(-8, 9, (16, 16, 3))
        return np.clip(colour, 0, 255).astype(np.uint8)

    def target(self, index: int) -> None:
        return None

    def image_id(self, index: int) -> str:
        return str(index)


def imported(network: nn.Module, seed: int = 0) -> fx.GraphModule:
    """The network with seeded weights of falling singular values, as a step meets it."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
            if parameter.dim() > 1:
                left, singular, right = torch.linalg.svd(parameter.flatten(1), full_matrices=False)
                falling = singular * 0.7 ** torch.arange(len(singular))
                parameter.copy_(((left * falling) @ right * 3).reshape(parameter.shape))
    return to_torch(onnx_of(network))


def onnx_of(network: nn.Module) -> onnx.ModelProto:
    outputs = network(torch.zeros(SPEC.input_shape))
    names = [f"out{i}" for i in range(len(outputs))] if isinstance(outputs, tuple) else ["out"]
    return export_training_form(network, SPEC.input_shape, "image", names)


def context(calibration: bool = True) -> StepContext:
    return StepContext(
        spec=SPEC, original=Path("unused"), calibration=Pictures() if calibration else None, seed=3
    )


def outputs(network: nn.Module, image: Tensor) -> list[Tensor]:
    with torch.no_grad():
        result = network(image)
    return list(result) if isinstance(result, tuple) else [result]
