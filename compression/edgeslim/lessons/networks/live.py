"""The picture that moves: activation functions over what really goes into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.live import Activation, Array
from edgeslim.lessons.networks.facts import on_digits
from edgeslim.lessons.networks.sparsity import IMAGES, activations

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

MODELS = ("digits-mlp", "digits-cnn")
VALUES = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Functions(Experiment):
    """Values before the activations of two trained networks, a fair sample of each layer's."""

    name = "functions"
    revision = 2
    uses = MODELS

    def run(self, lab: Lab) -> Outcome:
        import numpy as np

        layers = []
        for model in MODELS:
            for name, values in activations(lab, model, inputs=True).items():
                chosen = np.random.default_rng(0).choice(values.ravel(), VALUES, replace=False)
                layers.append(Array.of(f"{model} {name}", chosen))
        return Outcome(
            facts={"values": Fact(value=VALUES, unit="count")},
            views=(Activation(layers=tuple(layers)),),
            on=on_digits(lab, ", ".join(MODELS), IMAGES),
        )
