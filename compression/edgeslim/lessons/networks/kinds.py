"""Three kinds of network on the same digits: what each costs, and what each loses when it is compressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts
from edgeslim.lessons.networks.facts import bars, on_digits
from edgeslim.lessons.predictions import Choice, Door
from edgeslim.lessons.views import Axis, Table
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.measurement.measure import Measurement
    from edgeslim.steps import Step

KINDS = ("mlp", "cnn", "gru")
TECHNIQUES = ("pruned_30", "pruned_50", "pruned_70", "int8", "low_rank", "channels")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kinds(Experiment):
    """One technique on the fully connected, the convolutional and the recurrent network."""

    name = "kinds"
    revision = 2
    uses = tuple(f"digits-{kind}" for kind in KINDS)
    predicts = Choice(options=(*KINDS, "same"))

    technique: str = param("pruned_50", choices=TECHNIQUES)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.errors import EdgeSlimError

        before = {kind: lab.measure(f"digits-{kind}") for kind in KINDS}
        after: dict[str, Measurement] = {}
        for kind in KINDS:
            try:
                after[kind] = lab.measure(f"digits-{kind}", self._step(kind))
            except EdgeSlimError:  # the technique finds nothing to work on in this kind of network
                continue
        changes = {kind: file_facts(each)["change"] for kind, each in after.items()}
        worst = min(changes, key=lambda kind: changes[kind].value)
        apart = all(each.surely_above(changes[worst]) for kind, each in changes.items() if kind != worst)
        return Outcome(
            facts={
                **{f"{kind}_params": Fact(value=each.params, unit="count") for kind, each in before.items()},
                **{f"{kind}_macs": Fact(value=each.macs, unit="count") for kind, each in before.items()},
                **{f"{kind}_before": file_facts(each)["quality"] for kind, each in before.items()},
                **{f"{kind}_change": change for kind, change in changes.items()},
                "applied": Fact(value=len(after), unit="count"),
                "kinds": Fact(value=len(KINDS), unit="count"),
                "worst": changes[worst],
                "best": max(changes.values(), key=lambda change: change.value),
            },
            views=(
                bars(
                    tuple(after),
                    {
                        "before": [file_facts(before[kind])["quality"] for kind in after],
                        "after": [file_facts(each)["quality"] for each in after.values()],
                    },
                ),
                _costs(before),
                _savings(before, after),
            ),
            on=on_digits(lab, ", ".join(self.uses)),
            answer=worst if apart else "same",
        )

    def door(self) -> Door:
        return in_lab("digits-cnn", (self._step("cnn"),))

    def _step(self, kind: str) -> Step:
        from edgeslim.steps.low_rank.factorization import LowRank
        from edgeslim.steps.pruning.channels import ChannelPruning
        from edgeslim.steps.pruning.magnitude import MagnitudePruning
        from edgeslim.steps.quantization.dynamic_int8 import DynamicInt8
        from edgeslim.steps.quantization.static_int8 import StaticInt8

        if self.technique.startswith("pruned"):
            return MagnitudePruning(sparsity=int(self.technique[-2:]) / 100)
        if self.technique == "int8":
            # Static int8 knows no recurrent operator; dynamic int8 does, and has none for convolutions.
            return DynamicInt8() if kind == "gru" else StaticInt8()
        return LowRank(keep=0.5) if self.technique == "low_rank" else ChannelPruning()


def _costs(before: dict[str, Measurement]) -> Table:
    return Table(
        columns=(
            Axis(name="params", unit="count"),
            Axis(name="macs", unit="count"),
            Axis(name="macs_per_weight"),
            Axis(name="activations", unit="bytes"),
        ),
        rows=tuple(before),
        values=tuple(
            (each.params, each.macs, each.macs / each.params, each.memory["peak_activation"])
            for each in before.values()
        ),
    )


def _savings(before: dict[str, Measurement], after: dict[str, Measurement]) -> Table:
    """What the technique changed; empty where it finds nothing to work on."""
    return Table(
        columns=(
            Axis(name="file", unit="bytes"),
            Axis(name="file_after", unit="bytes"),
            Axis(name="download", unit="bytes"),
            Axis(name="download_after", unit="bytes"),
            Axis(name="change", unit="points"),
            Axis(name="change_low", unit="points"),
            Axis(name="change_high", unit="points"),
        ),
        rows=tuple(before),
        values=tuple(_saved(each, after.get(kind)) for kind, each in before.items()),
    )


def _saved(before: Measurement, after: Measurement | None) -> tuple[float | None, ...]:
    if after is None:
        return (before.sizes.file, None, before.sizes.download, None, None, None, None)
    change = file_facts(after)["change"]
    sizes = (before.sizes.file, after.sizes.file, before.sizes.download, after.sizes.download)
    return (*sizes, change.value, change.low, change.high)
