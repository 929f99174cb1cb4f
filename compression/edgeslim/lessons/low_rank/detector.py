"""Factorized networks: what is left of the accuracy, and whether fewer multiplications take less time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.predictions import Choice, Curve, Door
from edgeslim.lessons.views import Axis, Bars, Lines, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.measurement.measure import Measurement
    from edgeslim.steps import Step

DETECTOR, DIGITS = "street-signs-small", "digits-cnn"
IMAGES = 96
METHODS = ("svd", "tucker2", "spatial")
KEEP = (0.5, 0.6, 0.7, 0.8, 0.9)
ROUNDS = 300
"""Of two files at about 2 ms each: little more than a second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accuracy(Experiment):
    """The detector's accuracy by the share of its multiplications that is left, without training again."""

    name = "accuracy"
    uses = (DETECTOR,)
    predicts = Curve(
        of="quality", along="keep", unit=Axis(name="mAP", unit="share"), low=0, high=1, near=0.08
    )

    keep: float = param(0.8, low=0, high=1, search=KEEP, unit="share")
    method: str = param("spatial", choices=METHODS)
    activation_aware: bool = param(True)

    def run(self, lab: Lab) -> Outcome:
        original = lab.measure(DETECTOR, images=IMAGES)
        every = [
            file_facts(_measured(lab, DETECTOR, self.method, keep, self.activation_aware)) for keep in KEEP
        ]
        measured = _measured(lab, DETECTOR, self.method, self.keep, self.activation_aware)
        quality = [facts["quality"] for facts in [*every, file_facts(original)]]
        return Outcome(
            facts=file_facts(measured) | _costs(measured, original),
            views=(
                Lines(
                    x=Axis(name="macs", unit="share"),
                    y=Axis(name="mAP", unit="share"),
                    series=(
                        Series(
                            name="factorized",
                            x=(*KEEP, 1.0),
                            y=tuple(fact.value for fact in quality),
                            low=tuple(fact.low or 0.0 for fact in quality),
                            high=tuple(fact.high or 0.0 for fact in quality),
                        ),
                    ),
                ),
            ),
            on=measured_on(lab.workload(DETECTOR, IMAGES)),
        )

    def door(self) -> Door:
        return in_lab(DETECTOR, (_step(self.method, self.keep, self.activation_aware),))


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed(Experiment):
    """Multiplications, file and time of a factorized network, each as a share of the original's."""

    name = "speed"
    uses = (DIGITS, DETECTOR)
    predicts = Choice(options=("faster", "slower", "same"))

    model: str = param(DIGITS, choices=(DIGITS, DETECTOR))
    method: str = param("tucker2", choices=METHODS)
    keep: float = param(0.6, low=0, high=1, search=(0.6, 0.8), unit="share")

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.measurement.measure import time_files
        from edgeslim.runtime import MAIN
        from edgeslim.runtime.environment import environment

        original = lab.measure(self.model, images=IMAGES)
        measured = _measured(lab, self.model, self.method, self.keep)
        files = {MAIN: [original.sha256, measured.sha256]}
        timed = time_files(files, lab.store, "lesson", lab.progress, rounds=ROUNDS)[MAIN]
        before, after = (timed[sha256] for sha256 in files[MAIN])
        low, high = after.ratio_ci95
        shares = {
            **_costs(measured, original),
            "time": Fact(value=after.ratio, unit="ratio", low=low, high=high),
        }
        return Outcome(
            facts=file_facts(measured)
            | shares
            | {
                "before": Fact(value=before.median_ms, unit="ms"),
                "after": Fact(value=after.median_ms, unit="ms"),
                "layers_before": Fact(value=_layers(lab, original), unit="count"),
                "layers_after": Fact(value=_layers(lab, measured), unit="count"),
            },
            views=(
                Bars(
                    y=Axis(name="of_original", unit="ratio"),
                    groups=tuple(shares),
                    series=(
                        Series(
                            name="factorized",
                            y=tuple(fact.value for fact in shares.values()),
                            low=tuple(fact.low or fact.value for fact in shares.values()),
                            high=tuple(fact.high or fact.value for fact in shares.values()),
                        ),
                    ),
                ),
            ),
            on=measured_on(lab.workload(self.model, IMAGES), environment()["cpu"]),
            answer="faster" if high < 1 else "slower" if low > 1 else "same",
        )

    def door(self) -> Door:
        return in_lab(self.model, (_step(self.method, self.keep),))


def _measured(lab: Lab, model: str, method: str, keep: float, activation_aware: bool = True) -> Measurement:
    return lab.measure(model, _step(method, keep, activation_aware), images=IMAGES)


def _step(method: str, keep: float, activation_aware: bool = True) -> Step:
    from edgeslim.steps.low_rank.factorization import LowRank

    return LowRank(method=method, keep=keep, activation_aware=activation_aware)


def _costs(measured: Measurement, original: Measurement) -> dict[str, Fact]:
    assert measured.macs and original.macs, "convolutions are counted"
    return {
        "macs": Fact(value=measured.macs / original.macs, unit="ratio"),
        "weights": Fact(value=measured.params / original.params, unit="ratio"),
        "size": Fact(value=measured.sizes.file / original.sizes.file, unit="ratio"),
    }


def _layers(lab: Lab, measured: Measurement) -> int:
    import onnx

    from edgeslim.steps.onnx_layers.layers import weight_layers

    return len(weight_layers(onnx.load(lab.store.path(measured.sha256))))
