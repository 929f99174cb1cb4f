"""Small fully connected networks on the digits, trained from several seeds at once, by any activation and loss."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

WIDTH, BATCH, RATE = 64, 64, 2e-3
CLASSES = 10

FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "gelu": F.gelu,
    "silu": F.silu,
    "hardswish": F.hardswish,
}
GAINS: Mapping[str, float] = {"sigmoid": 1.0, "tanh": 5 / 3}
"""Scale of the first weights, of a ReLU's relatives √2: as torch.nn.init.calculate_gain has them."""
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Logits (N, C), classes (N,) and how often each class occurs in training (C,) → a number."""


def mse(logits: Tensor, classes: Tensor, counts: Tensor) -> Tensor:
    """Squared distance of the probabilities from 1 for the right class and 0 for the others (Brier score)."""
    return (logits.softmax(1) - F.one_hot(classes, CLASSES)).square().sum(1).mean()


def cross_entropy(logits: Tensor, classes: Tensor, counts: Tensor) -> Tensor:
    return F.cross_entropy(logits, classes)


def focal(logits: Tensor, classes: Tensor, counts: Tensor, gamma: float = 2.0) -> Tensor:
    """Cross entropy times (1 - p)^γ: what is already right counts little. Source: Lin et al. (arXiv 1708.02002)."""
    log = -F.cross_entropy(logits, classes, reduction="none")
    return -((1 - log.exp()) ** gamma * log).mean()


def weighted(logits: Tensor, classes: Tensor, counts: Tensor) -> Tensor:
    """Cross entropy in which every class has the same weight in all."""
    weights = counts.sum() / counts / CLASSES
    return F.cross_entropy(logits, classes, weight=weights)


LOSSES: Mapping[str, Loss] = {
    "mse": mse,
    "cross_entropy": cross_entropy,
    "focal": focal,
    "weighted": weighted,
}


@contextmanager
def one_thread() -> Iterator[None]:
    """These networks are too small for several threads, which would wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True, slots=True)
class Digits:
    """Pixels (N, 64) from 0 to 1, and classes (N,)."""

    pixels: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.classes)

    def fewer(self, rare: tuple[int, ...], factor: int) -> Digits:
        """One in `factor` examples of the rare classes, the first ones."""
        kept = []
        for each in range(CLASSES):
            places = torch.nonzero(self.classes == each).flatten()
            kept.append(places[: max(1, len(places) // factor)] if each in rare else places)
        chosen = torch.cat(kept).sort().values
        return Digits(self.pixels[chosen], self.classes[chosen])


def digits(lab: Lab) -> tuple[Digits, Digits]:
    """Training and validation images."""
    workload = lab.workload("digits-mlp")
    assert workload.data.train is not None
    found = []
    for split in (workload.data.train, workload.evaluation):
        pixels = np.stack([split.image(index)[:, :, 0] for index in range(len(split))])
        classes = [split.target(index) for index in range(len(split))]
        found.append(Digits(torch.from_numpy(pixels).flatten(1).float() / 255, torch.tensor(classes)))
    return found[0], found[1]


class Stack:
    """As many networks as seeds, all of one shape: weights (S, in, out)."""

    def __init__(self, depth: int, function: str, seeds: int, normalised: bool = False) -> None:
        generator = torch.Generator().manual_seed(0)
        sizes = [WIDTH] + [WIDTH] * depth + [CLASSES]
        self.function, self.normalised = FUNCTIONS[function], normalised
        gain = GAINS.get(function, 2**0.5)
        self.weights = [
            (torch.randn(seeds, inputs, outputs, generator=generator) * gain / inputs**0.5).requires_grad_()
            for inputs, outputs in itertools.pairwise(sizes)
        ]
        self.biases = [torch.zeros(seeds, 1, outputs, requires_grad=True) for outputs in sizes[1:]]

    def layers(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (S, N, C), and what comes out of every hidden layer's activation."""
        after = []
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = torch.baddbmm(bias, x, weight)
            x = F.layer_norm(x, (WIDTH,)) if self.normalised else x
            x = self.function(x)
            after.append(x)
        return torch.baddbmm(self.biases[-1], x, self.weights[-1]), after

    def logits(self, x: Tensor) -> Tensor:
        return self.layers(x)[0]

    def gradients(self, data: Digits) -> list[float]:
        """Mean size of cross entropy's gradient at the weights of each layer, the first layer first."""
        seeds = len(self.weights[0])
        logits = self.logits(data.pixels.expand(seeds, -1, -1))
        value = F.cross_entropy(logits.flatten(0, 1), data.classes.repeat(seeds)) * seeds
        return [float(each.abs().mean()) for each in torch.autograd.grad(value, self.weights)]

    @torch.no_grad()
    def zeros(self, data: Digits) -> float:
        """Share of the hidden activations that are exactly zero."""
        _, after = self.layers(data.pixels.expand(len(self.weights[0]), -1, -1))
        return float(torch.stack([(each == 0).float().mean() for each in after]).mean())

    @torch.no_grad()
    def probabilities(self, data: Digits) -> NDArray[Any]:
        """(S, N, C)"""
        seeds = len(self.weights[0])
        found: NDArray[Any] = self.logits(data.pixels.expand(seeds, -1, -1)).softmax(2).numpy()
        return found


def train(stack: Stack, data: Digits, loss: Loss, epochs: int, check: Digits | None = None) -> list[float]:
    """Train all networks by Adam, each in its own order of the images; the accuracy on `check` after every epoch."""
    seeds = len(stack.weights[0])
    parameters = [*stack.weights, *stack.biases]
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    counts = torch.bincount(data.classes, minlength=CLASSES).float()
    generator = torch.Generator().manual_seed(1)
    curve = []
    for _ in range(epochs):
        order = torch.stack([torch.randperm(len(data), generator=generator) for _ in range(seeds)])
        for start in range(0, len(data) - BATCH + 1, BATCH):
            batch = order[:, start : start + BATCH]
            logits = stack.logits(data.pixels[batch])
            value = loss(logits.flatten(0, 1), data.classes[batch].flatten(), counts) * seeds
            optimizer.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        if check is not None:
            curve.append(float((stack.probabilities(check).argmax(2) == check.classes.numpy()).mean()))
    return curve
