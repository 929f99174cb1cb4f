"""The networks of the sample models: digit classifiers that train in seconds, street-sign detectors of three sizes."""

from __future__ import annotations

from dataclasses import dataclass

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


LABELS = (
    "stop",
    "yield",
    "no_entry",
    "speed_30",
    "speed_50",
    "parking",
    "crossing",
    "priority",
    "traffic_light_red",
    "traffic_light_green",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """Widths at strides 2, 4, 8, 16 and 32 (0: the backbone ends at 16), blocks at 4, 8, 16, 32; neck and head width."""

    widths: tuple[int, int, int, int, int]
    blocks: tuple[int, int, int, int]
    neck: int


SIZES = {
    "street-signs-large": Size(widths=(24, 40, 80, 128, 128), blocks=(2, 2, 3, 1), neck=64),
    "street-signs-medium": Size(widths=(16, 32, 48, 96, 0), blocks=(2, 2, 2, 0), neck=40),
    "street-signs-small": Size(widths=(8, 16, 24, 48, 0), blocks=(1, 2, 2, 0), neck=24),
}


OUTPUTS = ("classes_8", "boxes_8", "classes_16", "boxes_16")
"""Names of a street-sign network's outputs, in order."""


def street_sign_spec(labels: tuple[str, ...] = LABELS) -> ModelSpec:
    """Specification of the street-sign detectors."""
    return ModelSpec(
        task="detection",
        family="fcos",
        input_width=288,
        input_height=192,
        scale=1 / 255,
        strides=(8, 16),
        labels=labels,
        class_agnostic_nms=True,  # signs of different kinds do not overlap
    )


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Conv-BN-ReLU; every convolution has a BatchNorm of its own."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    """A residual pair: 1×1 to half the width, 3×3 back. Source: Darknet-53 (arXiv 1804.02767)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduce = conv(width, width // 2, kernel=1)
        self.expand = conv(width // 2, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.expand(self.reduce(x))  # type: ignore[no-any-return]


def stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    """Halve the resolution, then residual blocks."""
    return nn.Sequential(conv(inputs, outputs, stride=2), *(Block(outputs) for _ in range(blocks)))


class Head(nn.Module):
    """Class logits (B, C, h, w) and raw box distances (B, 4, h, w) of one level, with its own weights."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.classify = nn.Sequential(conv(width, width), nn.Conv2d(width, classes, 1))
        self.locate = nn.Sequential(conv(width, width), nn.Conv2d(width, 4, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.classify(x), self.locate(x)


class StreetSignNetwork(nn.Module):
    """(B, 3, 192, 288) → class logits and raw boxes at stride 8, then at stride 16 (see the 'fcos' family).

    Each level has its own head and BatchNorm: one that levels shared would be normalised per level in training, but by
    a mixed average in evaluation, which biases every box.
    """

    def __init__(self, size: Size, classes: int = len(LABELS)) -> None:
        super().__init__()
        w2, w4, w8, w16, w32 = size.widths
        b4, b8, b16, b32 = size.blocks
        neck = size.neck
        self.stem = conv(3, w2, stride=2)
        self.stage4 = stage(w2, w4, b4)
        self.stage8 = stage(w4, w8, b8)
        self.stage16 = stage(w8, w16, b16)
        self.stage32 = stage(w16, w32, b32) if w32 else None
        self.lateral32 = conv(w32, neck, kernel=1) if w32 else None
        self.lateral16 = conv(w16, neck, kernel=1)
        self.lateral8 = conv(w8, neck, kernel=1)
        self.fuse16 = conv(2 * neck, neck) if w32 else None
        self.fuse8 = conv(2 * neck, neck)
        self.down16 = conv(neck, neck, stride=2)
        self.join16 = conv(2 * neck, neck, kernel=1)
        self.head8 = Head(neck, classes)
        self.head16 = Head(neck, classes)
        self.upsample = nn.Upsample(scale_factor=2.0, mode="nearest")
        self._initialise()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        c8 = self.stage8(self.stage4(self.stem(x)))
        c16 = self.stage16(c8)
        p16 = self.lateral16(c16)
        if self.stage32 is not None and self.lateral32 is not None and self.fuse16 is not None:
            p32 = self.lateral32(self.stage32(c16))
            p16 = self.fuse16(torch.cat([self.upsample(p32), p16], 1))
        p8 = self.fuse8(torch.cat([self.upsample(p16), self.lateral8(c8)], 1))
        p16 = self.join16(torch.cat([self.down16(p8), p16], 1))
        return *self.head8(p8), *self.head16(p16)

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for head in (self.head8, self.head16):
            classify, locate = head.classify[-1], head.locate[-1]
            assert isinstance(classify, nn.Conv2d) and isinstance(locate, nn.Conv2d)
            assert classify.bias is not None and locate.bias is not None
            nn.init.normal_(classify.weight, std=0.01)
            nn.init.normal_(locate.weight, std=0.01)
            nn.init.constant_(classify.bias, -4.6)  # an initial score of 0.01, as most places are background
            nn.init.constant_(locate.bias, 0.5)


def street_sign_network(name: str, seed: int = 0) -> StreetSignNetwork:
    """The untrained network of a sample name; `seed` sets the initial weights. KeyError for an unknown name."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return StreetSignNetwork(SIZES[name])
