"""The sample classifiers for 8×8 digits: convolutional, fully connected, recurrent. They train in seconds."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgeslim.models.base import ModelSpec

CLASSES = 10
SIDE = 8


def digit_spec() -> ModelSpec:
    """Specification of the digit classifiers: grey, 0–1, (1, 1, 8, 8) → logits (1, 10)."""
    return ModelSpec(
        task="classification",
        family="classifier",
        input_width=SIDE,
        input_height=SIDE,
        color="GRAY",
        scale=1 / 255,
        mean=(0.0,),
        std=(1.0,),
        labels=tuple("0123456789"),
    )


class DigitCnn(nn.Module):
    """Three convolutions with BatchNorm, global average pooling, one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(_conv(1, 16, 1), _conv(16, 32, 2), _conv(32, 48, 2))
        self.classify = nn.Linear(48, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.features(x).mean(dim=(2, 3)))  # type: ignore[no-any-return]


class DigitMlp(nn.Module):
    """64 pixels, two hidden layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(SIDE * SIDE, 128),
            nn.ReLU(),
            nn.Linear(128, 64),
            nn.ReLU(),
            nn.Linear(64, CLASSES),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # type: ignore[no-any-return]


class DigitGru(nn.Module):
    """The eight rows, top to bottom, as a sequence; the last state is classified."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.GRU(SIDE, 64, batch_first=True)
        self.classify = nn.Linear(64, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.rows(x.squeeze(1))
        return self.classify(states[:, -1])  # type: ignore[no-any-return]


DIGIT_NETWORKS: dict[str, type[nn.Module]] = {
    "digits-cnn": DigitCnn,
    "digits-mlp": DigitMlp,
    "digits-gru": DigitGru,
}


def digit_network(name: str, seed: int = 0) -> nn.Module:
    """The untrained network of a sample name; `seed` sets the initial weights. KeyError for an unknown name."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return DIGIT_NETWORKS[name]()


def _conv(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )
