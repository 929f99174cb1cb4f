"""Scales of activations: boxes and scores that share one, and images that they are measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.lessons.base import Experiment, Fact, Outcome
from edgeslim.lessons.doors import in_lab
from edgeslim.lessons.facts import measured_on
from edgeslim.lessons.predictions import Choice, Door, Number
from edgeslim.lessons.quantization.bits import DETECTOR, IMAGES, PLACES, QUALITY, quality_bars
from edgeslim.lessons.scenes import gallery_scenes
from edgeslim.lessons.views import Axis, Lines, Scenes, Series
from edgeslim.params import param

if TYPE_CHECKING:
    from edgeslim.evaluation import Evaluation
    from edgeslim.lessons.lab import Lab
    from edgeslim.steps import Step

WIDTHS = (1, 288, 640, 1920)
TREATMENTS = ("shared", "own", "float_output", "robust")
COUNTS = (1, 2, 8, 32, 64)


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedScale(Experiment):
    """The detector with one output, boxes beside scores, quantized in four ways.

    `width` is the width of the picture in whose pixels boxes are given: the scale must reach as far.
    """

    name = "shared_scale"
    revision = 2
    uses = (DETECTOR,)
    predicts = Number(of="quality", unit=QUALITY, low=0, high=0.7, step=0.01, near=0.05)

    width: int = param(640, low=1, high=4000, search=WIDTHS, unit="px")
    treatment: str = param("shared", choices=TREATMENTS)

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.evaluation import evaluate
        from edgeslim.lessons.quantization.heads import OneOutput
        from edgeslim.runtime.environment import environment

        data = lab.workload(DETECTOR, IMAGES)
        head = OneOutput(lab, self.width)
        files = {"original": head.float_file(), self.treatment: head.quantized(self.treatment)}
        original, found = (
            evaluate(
                lab.store.path(sha256),
                head.spec,
                data.evaluation,
                data.labels,
                lab.store,
                baseline=lab.store.path(files["original"]),
                threads=2,
                progress=lab.progress,
            )
            for sha256 in files.values()
        )
        scenes = gallery_scenes(
            lab, "street-signs", PLACES, {name: (sha256, head.spec) for name, sha256 in files.items()}
        )
        quality = {"original": _quality(original), self.treatment: _quality(found)}
        step, score = head.steps(files[self.treatment])
        return Outcome(
            facts={
                "original": quality["original"],
                "quality": quality[self.treatment],
                "box_step": Fact(value=step),
                "score_step": Fact(value=score),
                "best": Fact(value=head.best_score(files["original"])),
                "seen": Fact(value=_seen(scenes), unit="count"),
            },
            views=(scenes, quality_bars(quality)),
            on=measured_on(data, environment()["cpu"]),
        )

    def door(self) -> Door:
        return in_lab(DETECTOR)  # there its boxes and scores are outputs of their own


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration(Experiment):
    """Ranges of all activations, measured on few or many images, of the task's kind or of another."""

    name = "calibration"
    uses = (DETECTOR,)
    predicts = Choice(options=("own", "others", "same"))

    images: int = param(1, low=1, high=64, search=COUNTS, unit="images")
    method: str = param("minmax", choices=("minmax", "mse"))

    def run(self, lab: Lab) -> Outcome:
        from edgeslim.runtime.environment import environment

        curves = {
            name: {count: self._facts(lab, count, images) for count in COUNTS}
            for name, images in (("own", None), ("others", "digits"))
        }
        own, others = curves["own"][self.images], curves["others"][COUNTS[-1]]
        answer = "same"
        if own["change"].surely_above(others["change"]):
            answer = "own"
        elif others["change"].surely_above(own["change"]):
            answer = "others"
        facts = {
            **{f"own_{name}": fact for name, fact in own.items()},
            **{f"others_{name}": fact for name, fact in others.items()},
            "original": Fact(value=own["quality"].value - own["change"].value, unit="share"),
            "many": Fact(value=COUNTS[-1], unit="count"),
            "few": Fact(value=self.images, unit="count"),
        }
        view = Lines(
            x=Axis(name="images", log=True),
            y=QUALITY,
            series=tuple(
                Series(
                    name=name,
                    x=tuple(map(float, curve)),
                    y=tuple(one["quality"].value for one in curve.values()),
                    low=tuple(one["quality"].low or 0 for one in curve.values()),
                    high=tuple(one["quality"].high or 0 for one in curve.values()),
                )
                for name, curve in curves.items()
            ),
        )
        on = measured_on(lab.workload(DETECTOR, IMAGES), environment()["cpu"])
        return Outcome(facts=facts, views=(view,), on=on, answer=answer)

    def _facts(self, lab: Lab, count: int, images: str | None) -> dict[str, Fact]:
        from edgeslim.lessons.facts import file_facts
        from edgeslim.measurement.measure import compress_and_score
        from edgeslim.measurement.workload import open_workload
        from edgeslim.recipe import Recipe

        workload = lab.workload(DETECTOR, IMAGES)
        if images is not None:
            workload = open_workload(
                workload.model, workload.dataset, lab.store, calibration=images, limit=IMAGES
            )
        measured = compress_and_score(Recipe((self._step(count),)), workload, lab.store, 2, lab.progress)
        return file_facts(measured)

    def door(self) -> Door:
        return in_lab(DETECTOR, (self._step(self.images),))

    def _step(self, count: int) -> Step:
        from edgeslim.steps.quantization.static_int8 import StaticInt8

        return StaticInt8(keep_float="none", calibration=self.method, images=count)


def _seen(scenes: Scenes) -> int:
    """Boxes of the second file that the pictures show."""
    return sum(score >= scenes.confidence for scene in scenes.scenes for score in scene.files[1].scores)


def _quality(found: Evaluation) -> Fact:
    accuracy = found.accuracy or {}
    low, high = accuracy["ci95"]
    return Fact(value=accuracy["mAP"], unit="share", low=low, high=high)
