"""More hidden units: what they learn, what they generalize, and what they merely remember."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.predictions import Curve, Number
from edgeslim.lessons.views import Axis, Bars, Lines, Series
from edgeslim.params import param
from edgeslim.records import decoded, encoded

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab

SEEDS = 10
WIDTHS = (2, 4, 8, 16, 64, 256)
NOISE = (0.0, 0.2, 0.4)
NOISES = (0.1, 0.2, 0.4, 1.0)
ON = MeasuredOn(dataset="digits", images=450)


@dataclass(frozen=True, kw_only=True, slots=True)
class Capacity(Experiment):
    """Accuracy on the training and on the validation images, by the number of hidden units."""

    name = "capacity"
    uses = ("digits-mlp",)
    predicts = Curve(
        of="validation",
        along="width",
        unit=Axis(name="validation", unit="share"),
        low=0,
        high=1,
        near=0.06,
    )

    noise: float = param(0.4, low=0, high=1, search=NOISE, unit="share")
    width: int = param(16, search=WIDTHS)

    def run(self, lab: Lab) -> Outcome:
        every = [_learned(lab, width, self.noise) for width in WIDTHS]
        return Outcome(
            facts=every[WIDTHS.index(self.width)],
            views=(
                Lines(
                    x=Axis(name="width", log=True),
                    y=Axis(name="accuracy", unit="share"),
                    series=tuple(
                        Series(
                            name=name,
                            x=tuple(map(float, WIDTHS)),
                            y=tuple(facts[name].value for facts in every),
                            low=tuple(facts[name].low or 0.0 for facts in every),
                            high=tuple(facts[name].high or 0.0 for facts in every),
                        )
                        for name in ("training", "validation")
                    ),
                ),
            ),
            on=ON,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory(Experiment):
    """How many of the wrong labels a network of 256 hidden units repeats."""

    name = "memory"
    uses = ("digits-mlp",)
    predicts = Number(
        of="memorised", unit=Axis(name="memorised", unit="share"), low=0, high=1, step=0.05, near=0.1
    )

    noise: float = param(0.4, low=0, high=1, search=NOISES, unit="share")

    def run(self, lab: Lab) -> Outcome:
        facts = _learned(lab, WIDTHS[-1], self.noise)
        shown = {name: facts[name] for name in ("memorised", "training", "validation")}
        return Outcome(facts=facts, views=(_bars(shown),), on=ON)


def _learned(lab: Lab, width: int, noise: float) -> dict[str, Fact]:
    """What networks of that width learn, kept in the store: both experiments and all settings show them."""
    record = lab.store.computed(
        "lesson_networks",
        f"{Capacity.revision}-{width}-{noise:g}",
        lambda: dict(encoded(_train(lab, width, noise))),
        lab.progress,
    )
    return decoded(dict[str, Fact], record)


def _train(lab: Lab, width: int, noise: float) -> dict[str, Fact]:
    import numpy as np

    from edgeslim.lessons.overfitting.classroom import Room, over_seeds

    room = Room.of(lab)
    training, memorised, validation = [], [], []
    for seed in range(SEEDS):
        lab.progress("training", seed, SEEDS)
        seat = room.seat(seed, noise)
        network = seat.trained(width)
        right = seat.right(network)
        training.append(right.mean())
        memorised.append(right[seat.wrong].mean() if seat.wrong.any() else 0.0)
        validation.append(seat.validated(network))
    return {
        "training": over_seeds(np.array(training)),
        "validation": over_seeds(np.array(validation)),
        "gap": over_seeds(np.array(training) - np.array(validation), "points"),
        "memorised": over_seeds(np.array(memorised)),
        "weights": Fact(value=64 * width + width + 10 * width + 10, unit="count"),
        "seeds": Fact(value=SEEDS, unit="count"),
    }


def _bars(shown: dict[str, Fact]) -> Bars:
    found = shown.values()
    return Bars(
        y=Axis(name="accuracy", unit="share"),
        groups=tuple(shown),
        series=(
            Series(
                name="mean",
                y=tuple(fact.value for fact in found),
                low=tuple(fact.low or 0.0 for fact in found),
                high=tuple(fact.high or 0.0 for fact in found),
            ),
        ),
    )
