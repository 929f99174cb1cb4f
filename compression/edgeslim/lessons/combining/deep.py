"""Deep compression step by step, and without each of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.combining.recipes import (
    NETWORK,
    accuracy_bars,
    flat,
    prune,
    share_values,
    size_bars,
    train,
)
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.predictions import Choice, Door, Number
from edgeslim.lessons.views import Axis, Bars, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.steps import Step

SHARES = (0.5, 0.8, 0.9)
VALUES = (4, 16, 64)
STEPS = ("prune", "train", "share_values")


@dataclass(frozen=True, kw_only=True, slots=True)
class Deep(Experiment):
    """Prune, train, let weights share few values, code: what the bytes are after each step."""

    name = "deep"
    revision = 2
    uses = (NETWORK,)
    predicts = Number(
        of="times_smaller", unit=Axis(name="times_smaller", unit="ratio"), low=1, high=40, step=0.5, near=2
    )

    share: float = param(0.8, low=0, high=1, search=SHARES, unit="share")
    levels: int = param(16, low=2, high=256, search=VALUES, unit="values")

    def run(self, lab: Lab) -> Outcome:
        steps = self._steps()
        names = ("original", "pruned", "trained", "shared")
        found = {name: file_facts(lab.measure(NETWORK, *steps[:count])) for count, name in enumerate(names)}
        last = found["shared"]
        # What is sent is the last file, coded without loss: as accurate as that file.
        left = {
            **{name: facts["file"].value for name, facts in found.items()},
            "coded": last["download"].value,
        }
        waterfall = Bars(
            y=Axis(name="size", unit="bytes"),
            groups=tuple(left),
            series=(Series(name="size", y=tuple(left.values())),),
        )
        original = found["original"]
        return Outcome(
            facts={
                **flat(found),
                "times_smaller": Fact(value=original["file"].value / last["download"].value, unit="ratio"),
                "without_coding": Fact(value=original["file"].value / last["file"].value, unit="ratio"),
            },
            views=(waterfall, accuracy_bars(found)),
            on=measured_on(lab.workload(NETWORK)),
        )

    def door(self) -> Door:
        return in_lab(NETWORK, self._steps())

    def _steps(self) -> tuple[Step, ...]:
        return prune(self.share), train(), share_values(self.levels)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ablation(Experiment):
    """The whole recipe, and the recipe without each of its steps."""

    name = "ablation"
    revision = 2
    uses = (NETWORK,)
    predicts = Choice(options=STEPS)

    share: float = param(0.8, low=0, high=1, search=SHARES, unit="share")

    def run(self, lab: Lab) -> Outcome:
        found = {name: file_facts(lab.measure(NETWORK, *steps)) for name, steps in self._recipes().items()}
        largest = max(STEPS, key=lambda name: found[f"without_{name}"]["download"].value)
        return Outcome(
            facts=flat(found),
            views=(size_bars(found), accuracy_bars(found)),
            on=measured_on(lab.workload(NETWORK)),
            answer=largest,
        )

    def door(self) -> Door:
        return in_lab(NETWORK, *self._recipes().values())

    def _recipes(self) -> dict[str, list[Step]]:
        steps = dict(zip(STEPS, (prune(self.share), train(), share_values(16)), strict=True))
        left_out = {
            f"without_{name}": [step for other, step in steps.items() if other != name] for name in STEPS
        }
        return {"whole": [*steps.values()], **left_out}
