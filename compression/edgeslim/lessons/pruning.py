"""Pruning: which weights can go?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import LESSONS, Experiment, Fact, Lesson, Outcome
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.predictions import Choice, Door, Question, Source
from edgeslim.lessons.views import Axis, Bars, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

MODEL, IMAGES = "street-signs-small", 96
ORDERS = ("smallest_first", "random", "largest_first")
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders(Experiment):
    """The same share of the weights removed in three orders."""

    name = "orders"
    uses = (MODEL,)
    predicts = Choice(options=(*ORDERS, "same"))

    share: float = param(0.3, low=0, high=1, search=SHARES)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.steps.pruning.magnitude import MagnitudePruning

        measured = {
            order: lab.measure(MODEL, MagnitudePruning(sparsity=self.share, order=order), images=IMAGES)
            for order in ORDERS
        }
        facts = {
            f"{order}_{name}": fact
            for order, each in measured.items()
            for name, fact in file_facts(each).items()
        }
        quality = {order: facts[f"{order}_quality"] for order in ORDERS}
        best = max(ORDERS, key=lambda order: quality[order].value)
        apart = all(quality[best].surely_above(quality[order]) for order in ORDERS if order != best)
        return Outcome(
            facts=facts,
            views=(_bars(quality),),
            on=measured_on(lab.workload(MODEL, IMAGES)),
            answer=best if apart else "same",
        )

    def door(self) -> Door:
        return Door(page="new", parameters={"model": MODEL, "data": "street-signs"})


def _bars(quality: Mapping[str, Fact]) -> Bars:
    found = quality.values()
    return Bars(
        y=Axis(name="mAP", unit="share"),
        groups=tuple(quality),
        series=(
            Series(
                name="after",
                y=tuple(fact.value for fact in found),
                low=tuple(fact.low or 0 for fact in found),
                high=tuple(fact.high or 0 for fact in found),
            ),
        ),
    )


LESSONS.add(
    Lesson(
        name="pruning",
        experiments=(Orders,),
        questions=(
            Question(name="q1", options=("a", "b", "c"), right="a"),
            Question(name="q2", options=("a", "b"), right="b"),
            Question(name="q3", options=("a", "b", "c"), right="c"),
        ),
        sources=(
            Source(
                title="Han et al. 2015, Learning both Weights and Connections for Efficient Neural Networks",
                url="https://arxiv.org/abs/1506.02626",
            ),
        ),
    )
)
