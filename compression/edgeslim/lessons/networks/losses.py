"""Loss functions on digits of which half the classes are rare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.networks.activations import over
from edgeslim.lessons.networks.facts import bars, on_digits, right, surely_better
from edgeslim.lessons.predictions import Choice
from edgeslim.lessons.views import Axis, Table
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

NAMES = ("mse", "cross_entropy", "focal", "weighted")
RARE = (5, 6, 7, 8, 9)
SEEDS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Losses(Experiment):
    """The same network under each of the losses: eight of each are trained, from different starts."""

    name = "losses"
    revision = 2
    predicts = Choice(options=(*NAMES, "same"))

    imbalance: int = param(20, low=1, high=100, search=(1, 5, 20, 60))
    epochs: int = param(30, low=1, high=100, search=(5, 30))

    def run(self, lab: Lab) -> Outcome:
        import numpy as np

        from edgeslim.lessons.networks.training import LOSSES, Stack, digits, one_thread, train

        with one_thread():
            seen, unseen = digits(lab)
            seen, truth = seen.fewer(RARE, self.imbalance), unseen.classes.numpy()
            rare = np.isin(truth, RARE)
            correct, sure, curves = {}, {}, {}
            for name in NAMES:
                stack = Stack(2, "relu", SEEDS)
                curves[name] = train(stack, seen, LOSSES[name], self.epochs, unseen)
                probabilities = stack.probabilities(unseen)
                correct[name] = probabilities.argmax(2) == truth
                sure[name] = float(probabilities.max(2).mean())
        whole = {name: right(each) for name, each in correct.items()}
        found = {name: right(each[:, rare]) for name, each in correct.items()}
        rest = {name: right(each[:, ~rare]) for name, each in correct.items()}
        best = max(NAMES, key=lambda name: found[name].value)
        apart = all(
            surely_better(correct[best][:, rare], correct[name][:, rare]) for name in NAMES if name != best
        )
        return Outcome(
            facts={
                **{f"{name}_rare": fact for name, fact in found.items()},
                **{f"{name}_common": fact for name, fact in rest.items()},
                **{f"{name}_accuracy": fact for name, fact in whole.items()},
                **{f"{name}_sure": Fact(value=each, unit="share") for name, each in sure.items()},
                "examples": Fact(value=len(seen), unit="count"),
                "rare_examples": Fact(value=int(np.isin(seen.classes.numpy(), RARE).sum()), unit="count"),
            },
            views=(
                bars(
                    NAMES, {"rare": [found[each] for each in NAMES], "common": [rest[each] for each in NAMES]}
                ),
                over("epoch", curves, Axis(name="accuracy", unit="share")),
                Table(
                    columns=(
                        Axis(name="accuracy", unit="share"),
                        Axis(name="sure", unit="share"),
                        Axis(name="too_sure", unit="points"),
                    ),
                    rows=NAMES,
                    values=tuple(
                        (whole[name].value, sure[name], sure[name] - whole[name].value) for name in NAMES
                    ),
                ),
            ),
            on=on_digits(lab, "MLP 2×64"),
            answer=best if apart else "same",
        )
