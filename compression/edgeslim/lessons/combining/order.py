"""The same two steps in both orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.combining.recipes import (
    ACCURACY,
    NETWORK,
    UPDATES,
    accuracy_bars,
    cut_channels,
    flat,
    prune,
    train,
)
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.predictions import Door, Number
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.steps import Step

PAIRS = ("prune_train", "channels_weights")
SHARES = (0.5, 0.8, 0.9)
CHANNELS = 0.5
"""Share of the parameters that goes with the channels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order(Experiment):
    """Pruning and training, or two kinds of pruning before training, this way round and the other."""

    name = "order"
    revision = 2
    uses = (NETWORK,)
    predicts = Number(of="swapped_quality", unit=ACCURACY, low=0, high=1, step=0.01, near=0.07)

    pair: str = param(PAIRS[0], choices=PAIRS)
    share: float = param(0.9, low=0, high=1, search=SHARES, unit="share")

    def run(self, lab: Lab) -> Outcome:
        listed, swapped = self._recipes()
        files = {
            "original": lab.measure(NETWORK),
            "as_listed": lab.measure(NETWORK, *listed),
            "swapped": lab.measure(NETWORK, *swapped),
        }
        found = {name: file_facts(measured) for name, measured in files.items()}
        return Outcome(
            facts={**flat(found), "updates": Fact(value=UPDATES, unit="count")},
            views=(accuracy_bars(found),),
            on=measured_on(lab.workload(NETWORK)),
        )

    def door(self) -> Door:
        return in_lab(NETWORK, *self._recipes())

    def _recipes(self) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        first, second, *others = {
            "prune_train": (prune(self.share), train()),
            "channels_weights": (cut_channels(CHANNELS), prune(self.share), train()),
        }[self.pair]
        return (first, second, *others), (second, first, *others)
