"""Fewer and fewer bits for each weight: rounding, clipping, fixed point; and training with the rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, MeasuredOn, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import file_facts, measured_on
from edgeslim.lessons.live import Array, Quantize
from edgeslim.lessons.predictions import Curve, Door, Number
from edgeslim.lessons.scenes import gallery_scenes
from edgeslim.lessons.views import Axis, Bars, Scenes, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.lessons.lab import Lab
    from edgeslim.measurement.measure import Measurement
    from edgeslim.steps import Step

DETECTOR, IMAGES = "street-signs-small", 96
BITS = (1, 2, 3, 4, 5, 6, 7, 8)
PLACES = (3, 11)
"""Scenes of the gallery."""
OPENED = 5
"""Layers of the picture, spread over the network."""
QUALITY = Axis(name="mAP", unit="share")
UPDATES, TRAINED_ON = 60, 32


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberLine(Experiment):
    """The number line of real weights: the picture that moves."""

    name = "number_line"
    uses = (DETECTOR,)

    def run(self, lab: Lab) -> Outcome:
        import numpy as np
        import onnx

        from edgeslim.steps.onnx_layers.layers import array_of, weight_layers

        made = lab.make(DETECTOR)
        model = onnx.load(lab.store.path(made.sha256))
        layers = weight_layers(model)
        some = [layers[place] for place in np.linspace(0, len(layers) - 3, OPENED).round().astype(int)]
        picture = Quantize(
            layers=tuple(Array.of(f"layer_{n}", array_of(model, layer.name)) for n, layer in enumerate(some)),
            weights=sum(layer.size for layer in layers),
            file=made.bytes,
        )
        return Outcome(facts={}, views=(picture,), on=MeasuredOn(model=DETECTOR))


@dataclass(frozen=True, kw_only=True, slots=True)
class Bits(Experiment):
    """Every weight rounded to the nearest of 2^bits levels, one scale for each channel; activations stay float."""

    name = "bits"
    uses = (DETECTOR,)
    predicts = Curve(of="quality", along="bits", unit=QUALITY, low=0, high=0.7, near=0.06)

    bits: int = param(3, low=1, high=8, search=BITS, unit="bits")
    scheme: str = param("uniform", choices=("uniform", "fixed_point"))
    clipping: str = param("max", choices=("max", "mse"))

    def run(self, lab: Lab) -> Outcome:
        measured = {
            "original": lab.measure(DETECTOR, images=IMAGES),
            "rounded": rounded(lab, self.bits, self.scheme, self.clipping),
        }
        original, now = (file_facts(each) for each in measured.values())
        facts = {
            **now,
            "original": original["quality"],
            "original_file": original["file"],
            "levels": Fact(value=2**self.bits, unit="count"),
        }
        return Outcome(
            facts=facts,
            views=(_scenes(lab, PLACES, measured), _bars({"original": original, "rounded": now})),
            on=measured_on(lab.workload(DETECTOR, IMAGES)),
        )

    def door(self) -> Door:
        return in_lab(DETECTOR, (_rounding(self.bits, self.scheme, self.clipping),))


@dataclass(frozen=True, kw_only=True, slots=True)
class Aware(Experiment):
    """Weights of few bits, rounded after training, or trained while they are rounded."""

    name = "aware"
    uses = (DETECTOR,)
    predicts = Number(of="trained_quality", unit=QUALITY, low=0, high=0.7, step=0.01, near=0.06)

    bits: int = param(2, low=1, high=8, search=(1, 2, 3), unit="bits")

    def run(self, lab: Lab) -> Outcome:
        measured = {
            "original": lab.measure(DETECTOR, images=IMAGES),
            "rounded": rounded(lab, self.bits),
            "trained": lab.measure(DETECTOR, self._step(), images=IMAGES),
        }
        found = {name: file_facts(each) for name, each in measured.items()}
        facts = {f"{name}_{figure}": fact for name, own in found.items() for figure, fact in own.items()}
        return Outcome(
            facts={**facts, "updates": Fact(value=UPDATES, unit="count")},
            views=(_bars(found), _scenes(lab, PLACES[:1], measured)),
            on=measured_on(lab.workload(DETECTOR, IMAGES)),
        )

    def door(self) -> Door:
        return in_lab(DETECTOR, (_rounding(self.bits),), (self._step(),))

    def _step(self) -> Step:
        from edgeslim.steps.quantization.low_bit import LowBitWeights

        return LowBitWeights(bits=self.bits, rounding="trained", steps=UPDATES, images=TRAINED_ON)


def rounded(lab: Lab, bits: int, scheme: str = "uniform", clipping: str = "max") -> Measurement:
    """The detector with every weight at the nearest level, and nothing done about the error."""
    return lab.measure(DETECTOR, _rounding(bits, scheme, clipping), images=IMAGES)


def _rounding(bits: int, scheme: str = "uniform", clipping: str = "max") -> Step:
    from edgeslim.steps.quantization.low_bit import LowBitWeights

    return LowBitWeights(bits=bits, scheme=scheme, clipping=clipping, rounding="nearest", statistics=False)


def _scenes(lab: Lab, places: tuple[int, ...], measured: Mapping[str, Measurement]) -> Scenes:
    spec = lab.workload(DETECTOR).model.spec
    files = {name: (each.sha256, spec) for name, each in measured.items()}
    return gallery_scenes(lab, "street-signs", places, files)


def _bars(found: Mapping[str, Mapping[str, Fact]]) -> Bars:
    return quality_bars({name: facts["quality"] for name, facts in found.items()})


def quality_bars(quality: Mapping[str, Fact]) -> Bars:
    """The mAP of files, with intervals."""
    return Bars(
        y=QUALITY,
        groups=tuple(quality),
        series=(
            Series(
                name="mAP",
                y=tuple(fact.value for fact in quality.values()),
                low=tuple(fact.low or 0 for fact in quality.values()),
                high=tuple(fact.high or 0 for fact in quality.values()),
            ),
        ),
    )
