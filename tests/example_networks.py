"""Small networks of every kind that steps must cope with, their ONNX files, and images to feed them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

from edgeslim.detections import Target
from edgeslim.export.onnx import export_training_form
from edgeslim.models.base import ModelSpec

SIZE = 16
CLASSES = 4


def conv_bn(inputs: int, outputs: int, stride: int = 1, groups: int = 1, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class PlainCnn(nn.Module):
    """Convolution, BatchNorm, pooling, a linear classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(conv_bn(3, 16), nn.MaxPool2d(2), conv_bn(16, 32), nn.MaxPool2d(2))
        self.classify = nn.Linear(32 * (SIZE // 4) ** 2, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        return self.classify(self.features(image).flatten(1))


class Pyramid(nn.Module):
    """Residual, concatenation, a feature pyramid, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 16, stride=2)
        self.first, self.second = conv_bn(16, 16), conv_bn(16, 16)
        self.left, self.right = conv_bn(16, 16, kernel=1), conv_bn(16, 16, kernel=1)
        self.down = conv_bn(32, 32, stride=2)
        self.lateral = nn.Conv2d(32, 24, 1)
        self.top = nn.Conv2d(32, 24, 1)
        self.smooth = conv_bn(24, 24)
        self.small, self.large = nn.Conv2d(24, 6, 1), nn.Conv2d(24, 6, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(image)
        x = x + self.second(self.first(x))
        c1 = torch.cat([self.left(x), self.right(x)], 1)
        top = self.top(self.down(c1))
        p1 = self.smooth(self.lateral(c1) + functional.interpolate(top, scale_factor=2.0, mode="nearest"))
        return self.small(p1).flatten(2), torch.sigmoid(self.large(top)).permute(0, 2, 3, 1)


class DepthwiseSe(nn.Module):
    """Depthwise convolution, squeeze and excitation, HardSwish."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 16, stride=2)
        self.expand = nn.Sequential(nn.Conv2d(16, 32, 1, bias=False), nn.BatchNorm2d(32), nn.Hardswish())
        self.depthwise = conv_bn(32, 32, groups=32)
        self.squeeze, self.excite = nn.Conv2d(32, 8, 1), nn.Conv2d(8, 32, 1)
        self.project = nn.Sequential(nn.Conv2d(32, 16, 1, bias=False), nn.BatchNorm2d(16))
        self.classify = nn.Linear(16, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        x = self.stem(image)
        y = self.depthwise(self.expand(x))
        gate = functional.relu(self.squeeze(functional.adaptive_avg_pool2d(y, 1)))
        y = y * functional.hardsigmoid(self.excite(gate))
        x = x + self.project(y)
        return self.classify(x.mean((2, 3)))


class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(3 * SIZE * SIZE, 32)
        self.second = nn.Linear(32, 24)
        self.classify = nn.Linear(24, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        return self.classify(torch.relu(self.second(torch.relu(self.hidden(image.flatten(1))))))


class Gru(nn.Module):
    """Image rows as a sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3 * SIZE, 16)
        self.rows = nn.GRU(16, 12, batch_first=True)
        self.classify = nn.Linear(12, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        rows = image.permute(0, 2, 1, 3).flatten(2)
        sequence, _ = self.rows(torch.relu(self.embed(rows)))
        return self.classify(sequence[:, -1])


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "plain_cnn": PlainCnn,
    "residual_concat_pyramid": Pyramid,
    "depthwise_se": DepthwiseSe,
    "mlp": Mlp,
    "gru": Gru,
}
OUTPUTS = {"residual_concat_pyramid": ["small", "large"]}


def make_network(name: str, seed: int = 0) -> nn.Module:
    """A seeded network in eval mode whose BatchNorm statistics and scales are not the initial ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = NETWORKS[name]()
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.uniform_(layer.weight, 0.5, 1.5)
                nn.init.normal_(layer.bias, std=0.1)
                nn.init.normal_(layer.running_mean, std=0.1)
                nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return network.eval()


def make_onnx(name: str, seed: int = 0) -> onnx.ModelProto:
    """The network's training form: opset 17, BatchNormalization kept."""
    shape = (1, 3, SIZE, SIZE)
    return export_training_form(make_network(name, seed), shape, "image", OUTPUTS.get(name, ["scores"]))


def make_spec(name: str = "plain_cnn") -> ModelSpec:
    """A classifier's, or that of a detector without known decoder for the network with two outputs."""
    labels = tuple(f"class {index}" for index in range(CLASSES))
    return ModelSpec(
        task="detection" if name in OUTPUTS else "classification",
        family="unknown" if name in OUTPUTS else "classifier",
        input_width=SIZE,
        input_height=SIZE,
        scale=1 / 255,
        labels=labels,
    )


class RandomImages:
    """Seeded images; the class is told by the brightest quarter, so it can be learnt."""

    def __init__(self, count: int = 16, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self._images = random.integers(0, 128, (count, SIZE, SIZE, 3)).astype(np.uint8)
        self._classes = [int(item) for item in random.integers(0, CLASSES, count)]
        for image, place in zip(self._images, self._classes, strict=True):
            row, column = divmod(place, 2)
            half = SIZE // 2
            image[row * half : (row + 1) * half, column * half : (column + 1) * half] += 120
        self.fingerprint = f"random-{count}-{seed}"

    def __len__(self) -> int:
        return len(self._images)

    def image(self, index: int) -> np.ndarray:
        return self._images[index]

    def target(self, index: int) -> Target:
        return self._classes[index]

    def image_id(self, index: int) -> str:
        return str(index)
