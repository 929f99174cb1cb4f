"""A recipe that the class puts together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.combining.recipes import (
    NETWORK,
    accuracy_bars,
    cut_channels,
    prune,
    share_values,
    size_bars,
    train,
)
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.predictions import Door
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.steps import Step

SHAPES = ("none", "weights_80", "weights_90", "channels_50", "channels_80")
STORAGES = ("float32", "int8", "values_16", "bits_2")


@dataclass(frozen=True, kw_only=True, slots=True)
class Build(Experiment):
    """One choice for what goes, for training, and for how the rest is stored: forty real files."""

    name = "build"
    revision = 2
    uses = (NETWORK,)

    shape: str = param("weights_80", choices=SHAPES)
    trained: bool = param(True)
    storage: str = param("int8", choices=STORAGES)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.runtime.environment import environment

        steps = self._steps()
        found = {
            "original": file_facts(lab.measure(NETWORK)),
            "recipe": file_facts(lab.measure(NETWORK, *steps)),
        }
        original, now = found["original"], found["recipe"]
        machine = environment()["cpu"] if self.storage == "int8" else ""
        return Outcome(
            facts={
                **now,
                "steps": Fact(value=len(steps), unit="count"),
                "file_smaller": Fact(value=original["file"].value / now["file"].value, unit="ratio"),
                "times_smaller": Fact(value=original["file"].value / now["download"].value, unit="ratio"),
            },
            views=(size_bars(found), accuracy_bars(found)),
            on=measured_on(lab.workload(NETWORK), machine),
        )

    def door(self) -> Door:
        return in_lab(NETWORK, self._steps())

    def _steps(self) -> list[Step]:
        return [*_shaped(self.shape), *([train()] if self.trained else []), *_stored(self.storage)]


def _shaped(shape: str) -> list[Step]:
    kind, _, percent = shape.partition("_")
    if kind == "none":
        return []
    return [(prune if kind == "weights" else cut_channels)(int(percent) / 100)]


def _stored(storage: str) -> list[Step]:
    from edgeslim.steps.quantization.low_bit import LowBitWeights
    from edgeslim.steps.quantization.static_int8 import StaticInt8

    steps: dict[str, list[Step]] = {
        "float32": [],
        "int8": [StaticInt8()],
        "values_16": [share_values(16)],
        "bits_2": [LowBitWeights(bits=2)],
    }
    return steps[storage]
