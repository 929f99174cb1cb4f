"""How much can go: accuracy and download over the share of zeros, and the threshold that decides which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, MeasuredOn, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.live import Threshold
from edgeslim.lessons.predictions import Curve, Door
from edgeslim.lessons.views import Axis, Lines, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.measurement.measure import Measurement
    from edgeslim.steps import Step

DETECTOR, IMAGES = "street-signs-small", 96
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
OPENED = ("stem.0.weight", "stage8.0.0.weight", "head8.classify.0.0.weight", "head8.classify.1.weight")
"""Layers of the picture that can be looked into: first, middle, and the last two of a branch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slider(Experiment):
    """A threshold on real weights: the picture that moves."""

    name = "threshold"
    uses = (DETECTOR,)

    def run(self, lab: Lab) -> Outcome:
        import onnx

        from edgeslim.steps.onnx_layers.layers import array_of, weight_layers

        model = onnx.load(lab.workload(DETECTOR).model.path)
        weights = {layer.name: array_of(model, layer.name) for layer in weight_layers(model)}
        downloads = [(share, float(_pruned(lab, share).sizes.download)) for share in SHARES]
        picture = Threshold.of(weights, OPENED, downloads)
        return Outcome(facts={}, views=(picture,), on=MeasuredOn(model=DETECTOR))


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares(Experiment):
    """Accuracy of the detector with that share of its smallest weights at zero, not retrained."""

    name = "shares"
    uses = (DETECTOR,)
    predicts = Curve(
        of="quality", along="share", unit=Axis(name="mAP", unit="share"), low=0, high=0.7, near=0.06
    )

    share: float = param(0.5, low=0, high=1, search=SHARES, unit="share")

    def run(self, lab: Lab) -> Outcome:
        found = {share: file_facts(_pruned(lab, share)) for share in SHARES}
        x = Axis(name="share", unit="share")
        quality = [facts["quality"] for facts in found.values()]
        views = (
            Lines(
                x=x,
                y=Axis(name="mAP", unit="share"),
                series=(
                    Series(
                        name="not_retrained",
                        x=SHARES,
                        y=tuple(fact.value for fact in quality),
                        low=tuple(fact.low or 0 for fact in quality),
                        high=tuple(fact.high or 0 for fact in quality),
                    ),
                ),
            ),
            Lines(
                x=x,
                y=Axis(name="size", unit="bytes"),
                series=tuple(
                    Series(name=name, x=SHARES, y=tuple(facts[name].value for facts in found.values()))
                    for name in ("file", "download")
                ),
            ),
        )
        return Outcome(facts=found[self.share], views=views, on=measured_on(lab.workload(DETECTOR, IMAGES)))

    def door(self) -> Door:
        return in_lab(DETECTOR, _steps(self.share))


def _pruned(lab: Lab, share: float) -> Measurement:
    """The detector without that share of its weights, the smallest first."""
    return lab.measure(DETECTOR, *_steps(share), images=IMAGES)


def _steps(share: float) -> tuple[Step, ...]:
    from edgeslim.steps.pruning.magnitude import MagnitudePruning

    return (MagnitudePruning(sparsity=share),) if share else ()
