"""Weights against channels: the same share of a network removed in two ways, then retrained or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.predictions import Choice, Door, Number
from edgeslim.lessons.sample import STUDY, sample_study, trial_of
from edgeslim.lessons.views import Axis, Bars, Lines, Series, Table
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.measurement.measure import Measurement
    from edgeslim.steps import Step
    from edgeslim.studies.trial import TrialResult

NETWORK = "digits-cnn"
SHARES = (0.3, 0.5, 0.7, 0.8, 0.9)
UPDATES = 100
UNITS = ("weights", "channels")
FILES = ("original", *UNITS)
PAIRS = {"half": ("magnitude 50%", "channels 20%"), "most": ("magnitude 70%", "channels 60%")}
"""Trials of the sample study; a share of channels there is one of the multiplications, and costs more parameters."""


COLUMNS = (
    Axis(name="parameters_left", unit="share"),
    Axis(name="file", unit="bytes"),
    Axis(name="download", unit="bytes"),
    Axis(name="time", unit="ratio"),
    Axis(name="quality", unit="share"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Units(Experiment):
    """About the same share of the parameters, as single weights and as whole channels: what shrinks, what is faster.

    Read from the sample study: a detector retrained for minutes, timed on a quiet machine.
    """

    name = "units"
    uses = (STUDY,)
    predicts = Number(
        of="weights_time",
        unit=Axis(name="time_ratio", unit="ratio"),
        low=0,
        high=1.5,
        step=0.01,
        near=0.05,
    )

    share: str = param("most", choices=tuple(PAIRS))
    retrained: bool = param(True)

    def run(self, lab: Lab) -> Outcome:
        study = sample_study()
        tuned = " + tuning" if self.retrained else ""
        titles = ("float32", *(f"{title}{tuned}" for title in PAIRS[self.share]))
        trials = {name: trial_of(title) for name, title in zip(FILES, titles, strict=True)}
        facts = {
            f"{name}_{figure}": fact
            for name, trial in trials.items()
            for figure, fact in _figures(trial, trials["original"]).items()
        }
        sizes = Bars(
            y=Axis(name="size", unit="bytes"),
            groups=FILES,
            series=tuple(
                Series(name=size, y=tuple(facts[f"{name}_{size}"].value for name in FILES))
                for size in ("file", "download")
            ),
        )
        table = Table(
            columns=COLUMNS,
            rows=FILES,
            values=tuple(tuple(facts[f"{row}_{column.name}"].value for column in COLUMNS) for row in FILES),
        )
        return Outcome(
            facts=facts,
            views=(sizes, table),
            on=MeasuredOn(
                model=study.model,
                dataset=study.dataset,
                images=study.images or 0,
                machine=study.environment["cpu"],
            ),
        )

    def door(self) -> Door:
        tuned = " + tuning" if self.retrained else ""
        _, channels = PAIRS[self.share]
        return Door(page="study", parameters={"trial": trial_of(f"{channels}{tuned}").number})


@dataclass(frozen=True, kw_only=True, slots=True)
class Retraining(Experiment):
    """What some updates bring back of the accuracy that pruning took."""

    name = "retraining"
    uses = (NETWORK,)
    predicts = Choice(options=(*UNITS, "same"))

    share: float = param(0.9, low=0, high=1, search=SHARES, unit="share")

    def run(self, lab: Lab) -> Outcome:
        curves: dict[str, dict[float, dict[str, Fact]]] = {
            f"{unit}_{state}": {share: file_facts(_measured(lab, unit, share, updates)) for share in SHARES}
            for unit in UNITS
            for state, updates in (("cut", 0), ("retrained", UPDATES))
        }
        facts = {
            f"{name}_{figure}": fact
            for name, curve in curves.items()
            for figure, fact in curve[self.share].items()
        }
        weights, channels = (facts[f"{unit}_retrained_quality"] for unit in UNITS)
        answer = "same"
        if weights.surely_above(channels):
            answer = "weights"
        elif channels.surely_above(weights):
            answer = "channels"
        return Outcome(
            facts={**facts, "updates": Fact(value=UPDATES, unit="count")},
            views=(
                Lines(
                    x=Axis(name="share", unit="share"),
                    y=Axis(name="accuracy", unit="share"),
                    series=tuple(
                        _line(name, [one["quality"] for one in curve.values()])
                        for name, curve in curves.items()
                    ),
                ),
            ),
            on=measured_on(lab.workload(NETWORK)),
            answer=answer,
        )

    def door(self) -> Door:
        return in_lab(NETWORK, *(_steps(unit, self.share, UPDATES) for unit in UNITS))


def _measured(lab: Lab, unit: str, share: float, updates: int) -> Measurement:
    """Without that share of the parameters, and trained for some updates."""
    return lab.measure(NETWORK, *_steps(unit, share, updates))


def _steps(unit: str, share: float, updates: int) -> list[Step]:
    from edgeslim.steps.pruning.channels import ChannelPruning
    from edgeslim.steps.pruning.magnitude import MagnitudePruning
    from edgeslim.steps.recovery.fine_tuning import FineTuning

    steps: list[Step] = [
        MagnitudePruning(sparsity=share)
        if unit == "weights"
        else ChannelPruning(ratio=share, target="parameters", round_to=1, max_ratio=0.95)
    ]
    if updates:
        steps.append(FineTuning(steps=updates))
    return steps


def _line(name: str, facts: list[Fact]) -> Series:
    return Series(
        name=name,
        x=SHARES,
        y=tuple(fact.value for fact in facts),
        low=tuple(fact.low or 0 for fact in facts),
        high=tuple(fact.high or 0 for fact in facts),
    )


def _figures(trial: TrialResult, original: TrialResult) -> dict[str, Fact]:
    assert trial.accuracy and trial.sizes and trial.latency, "all of the sample study's trials are measured"
    low, high = trial.accuracy["ci95"]
    least, most = trial.latency.ratio_ci95
    return {
        "parameters_left": Fact(value=(trial.nonzero or 0) / (original.nonzero or 1), unit="share"),
        "file": Fact(value=trial.sizes.file, unit="bytes"),
        "download": Fact(value=trial.sizes.download, unit="bytes"),
        "time": Fact(value=trial.latency.ratio, unit="ratio", low=least, high=most),
        "quality": Fact(value=trial.accuracy["mAP"], unit="share", low=low, high=high),
    }
