"""Small digit classifiers on few training images, some with wrong labels: trained again and again, one by seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeslim.detections import Doubles
from edgeslim.lessons.base import Fact
from edgeslim.lessons.views import Unit

if TYPE_CHECKING:
    from torch import nn

    from edgeslim.lessons.lab import Lab
    from edgeslim.training.data import Examples
    from edgeslim.training.weights import Observer

MODEL = "digits-mlp"
"""Opens the digits and says how they are read; the networks here are trained anew."""
TRAINED_ON, STEPS, BATCH, RATE = 200, 400, 32, 5e-3
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Room:
    """The training and the validation digits, in memory."""

    training: Examples
    validation: Examples
    lab: Lab

    @classmethod
    def of(cls, lab: Lab) -> Room:
        from edgeslim.steps.images import training_images
        from edgeslim.training.data import Examples, SplitExamples

        workload = lab.workload(MODEL)
        split, spec = training_images(workload.data.train, "overfitting"), workload.model.spec
        found = []
        for part in (split, workload.evaluation):
            pixels, targets = SplitExamples(part, spec).take(np.arange(len(part)))
            found.append(Examples(pixels, tuple(targets)))
        return cls(training=found[0], validation=found[1], lab=lab)

    def seat(self, seed: int, noise: float) -> Seat:
        """The seed's own training images, and which of their labels are wrong: any other class, by chance."""
        from edgeslim.training.data import Examples

        random = np.random.default_rng(seed)
        picked = random.permutation(len(self.training))[:TRAINED_ON]
        pixels, targets = self.training.take(picked)
        labels = np.array(targets, np.int64)
        wrong = random.random(TRAINED_ON) < noise
        labels[wrong] = (labels[wrong] + random.integers(1, 10, int(wrong.sum()))) % 10
        return Seat(self, seed, Examples(pixels, tuple(labels.tolist())), wrong)


@dataclass(frozen=True, slots=True)
class Seat:
    """What one seed trains on."""

    room: Room
    seed: int
    examples: Examples
    wrong: NDArray[np.bool_]

    def trained(self, width: int) -> nn.Module:
        """A network with one hidden layer of that many units, trained from the seed's own first weights."""
        import torch
        from torch import nn

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
        self.train(network, STEPS, RATE)
        return network

    def train(
        self, network: nn.Module, steps: int, rate: float, order: int = 0, observer: Observer | None = None
    ) -> None:
        """Train on in place; `order` is another order of the images."""
        from edgeslim.training.loop import train
        from edgeslim.training.settings import TrainSettings

        settings = TrainSettings(
            steps=steps,
            batch=BATCH,
            learning_rate=rate,
            warmup_steps=20,
            weight_decay=0.0,
            seed=self.seed + 1000 * order,
            augment=False,
        )
        train(network, self.examples, self.room.lab.workload(MODEL).model.spec, settings, observer=observer)

    def right(self, network: nn.Module) -> NDArray[np.bool_]:
        """Whether each training image gets the label that it was trained with."""
        return right(network, self.examples)

    def validated(self, network: nn.Module) -> float:
        return float(right(network, self.room.validation).mean())


def right(network: nn.Module, examples: Examples) -> NDArray[np.bool_]:
    import torch

    pixels = torch.from_numpy(examples.pixels).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        classes = network(pixels).argmax(1).numpy()
    found: NDArray[np.bool_] = classes == np.array(examples.targets)
    return found


def over_seeds(values: Doubles, unit: Unit = "share") -> Fact:
    """The mean over seeds with Student's 95 % interval; of differences by seed it is the paired one."""
    from scipy.stats import t

    mean, count = float(values.mean()), len(values)
    half = float(t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count))
    bound = (0.0, 1.0) if unit == "share" else (-1.0, 1.0)
    return Fact(value=mean, unit=unit, low=max(mean - half, bound[0]), high=min(mean + half, bound[1]))
