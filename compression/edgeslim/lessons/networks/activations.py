"""Activation functions, trained: which of them still learn when the network is deep, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.networks.facts import bars, on_digits, right, surely_better
from edgeslim.lessons.predictions import Choice
from edgeslim.lessons.views import Axis, Lines, Series, Table
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

NAMES = ("sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu", "hardswish")
SEEDS, EPOCHS = 5, 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Activations(Experiment):
    """The same network with each of the functions: five of each are trained, from different starts."""

    name = "activations"
    revision = 2
    predicts = Choice(options=(*NAMES, "none"))

    depth: int = param(8, low=1, high=8, search=(1, 4, 8))
    normalised: bool = param(False)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.lessons.networks.training import LOSSES, Stack, digits, one_thread, train

        with one_thread():
            seen, unseen = digits(lab)
            correct, gradients, zeros, curves = {}, {}, {}, {}
            for name in NAMES:
                stack = Stack(self.depth, name, SEEDS, self.normalised)
                gradients[name] = stack.gradients(seen)
                curves[name] = train(stack, seen, LOSSES["cross_entropy"], EPOCHS, unseen)
                correct[name] = stack.probabilities(unseen).argmax(2) == unseen.classes.numpy()
                zeros[name] = stack.zeros(unseen)
        found = {name: right(each) for name, each in correct.items()}
        worst = min(NAMES, key=lambda name: found[name].value)
        apart = all(surely_better(correct[name], correct[worst]) for name in NAMES if name != worst)
        weaker = {name: each[-1] / each[0] for name, each in gradients.items()}
        return Outcome(
            facts={
                **{f"{name}_accuracy": fact for name, fact in found.items()},
                **{f"{name}_weaker": Fact(value=factor, unit="count") for name, factor in weaker.items()},
                **{f"{name}_zeros": Fact(value=share, unit="share") for name, share in zeros.items()},
                "best": max(found.values(), key=lambda fact: fact.value),
                "depth": Fact(value=self.depth, unit="count"),
            },
            views=(
                bars(NAMES, {"accuracy": [found[name] for name in NAMES]}),
                over("epoch", curves, Axis(name="accuracy", unit="share")),
                over("layer", gradients, Axis(name="gradient", log=True)),
                Table(
                    columns=(
                        Axis(name="accuracy", unit="share"),
                        Axis(name="weaker", unit="count"),
                        Axis(name="zeros", unit="share"),
                    ),
                    rows=NAMES,
                    values=tuple((found[name].value, weaker[name], zeros[name]) for name in NAMES),
                ),
            ),
            on=on_digits(lab, f"MLP {self.depth}×64"),
            answer=worst if apart else "none",
        )


def over(name: str, lines: dict[str, list[float]], y: Axis) -> Lines:
    return Lines(
        x=Axis(name=name, unit="count"),
        y=y,
        series=tuple(
            Series(name=each, x=tuple(range(1, len(values) + 1)), y=tuple(values))
            for each, values in lines.items()
        ),
    )
