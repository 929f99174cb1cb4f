"""Which weights go first: the smallest, the largest, or any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.predictions import Door, Number
from edgeslim.lessons.pruning.shares import DETECTOR, IMAGES
from edgeslim.lessons.views import Axis, Bars, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.steps import Step

ORDERS = ("smallest_first", "random", "largest_first")
SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders(Experiment):
    """The same share of the weights removed in three orders."""

    name = "orders"
    revision = 2
    uses = (DETECTOR,)
    predicts = Number(
        of="random_quality", unit=Axis(name="mAP", unit="share"), low=0, high=0.6, step=0.01, near=0.05
    )

    share: float = param(0.1, low=0, high=1, search=SHARES, unit="share")

    def run(self, lab: Lab) -> Outcome:
        measured = {"original": lab.measure(DETECTOR, images=IMAGES)}
        for order in ORDERS:
            measured[order] = lab.measure(DETECTOR, self._step(order), images=IMAGES)
        facts = {
            f"{name}_{figure}": fact
            for name, each in measured.items()
            for figure, fact in file_facts(each).items()
        }
        quality = [facts[f"{name}_quality"] for name in measured]
        view = Bars(
            y=Axis(name="mAP", unit="share"),
            groups=tuple(measured),
            series=(
                Series(
                    name="after",
                    y=tuple(fact.value for fact in quality),
                    low=tuple(fact.low or 0 for fact in quality),
                    high=tuple(fact.high or 0 for fact in quality),
                ),
            ),
        )
        return Outcome(facts=facts, views=(view,), on=measured_on(lab.workload(DETECTOR, IMAGES)))

    def door(self) -> Door:
        return in_lab(DETECTOR, *((self._step(order),) for order in ORDERS))

    def _step(self, order: str) -> Step:
        from edgeslim.steps.pruning.magnitude import MagnitudePruning

        return MagnitudePruning(sparsity=self.share, order=order)
